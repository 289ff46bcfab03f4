/** Whatever a template passes as a number (github.com/spf13/cast): never fails, what is no number is 0. */
import { parseFloat64, parseInteger } from "../go/parse-number.ts";
import type { Value } from "../values/model.ts";
import { isInt } from "../values/value.ts";

/** What Go's conversion gives on amd64 for floats that no int64 can hold. */
const notAnInteger = -(2n ** 63n);

/** cast.ToInt64, which is cast.ToInt too: texts by their base prefix, floats cut, true is 1, nil is 0. */
export function toInt64(value: Value): bigint {
  const seen = throughPointers(value);
  if (isInt(seen) && isPlain(seen)) return BigInt.asIntN(64, seen.value);
  if (!isPlain(seen)) return 0n;
  switch (seen.kind) {
    case "float32":
    case "float64":
      return floatToInt64(seen.value);
    case "string":
      return textToInt64(seen.value);
    case "bool":
      return seen.value ? 1n : 0n;
    default:
      return 0n;
  }
}

/** cast.ToFloat64. */
export function toFloat64(value: Value): number {
  const seen = throughPointers(value);
  if (isInt(seen) && isPlain(seen)) return Number(seen.value);
  if (!isPlain(seen)) return 0;
  switch (seen.kind) {
    case "float32":
    case "float64":
      return seen.value;
    case "string":
      return parseFloat64(seen.value) ?? 0;
    case "bool":
      return seen.value ? 1 : 0;
    default:
      return 0;
  }
}

/** cast's way with texts: zeros after a point are dropped ("1.0" is 1), any other point makes it 0. */
export function textToInt64(text: string): bigint {
  const { value, fault } = parseInteger(text.replace(/\.0+\.*$/, ""), 0);
  return fault === undefined ? value : 0n;
}

function floatToInt64(x: number): bigint {
  if (!Number.isFinite(x)) return notAnInteger;
  const whole = BigInt(Math.trunc(x));
  return BigInt.asIntN(64, whole) === whole ? whole : notAnInteger;
}

/** cast knows the basic types by name; of the defined ones only time.Month and time.Weekday. */
function isPlain(value: Value): boolean {
  if (value.kind === "nil") return true;
  return value.type.name === value.kind || /^time\.(Month|Weekday)$/.test(value.type.name);
}

function throughPointers(value: Value): Value {
  let seen = value;
  while (seen.kind === "ptr" && seen.elem !== undefined) seen = seen.elem;
  return seen;
}
