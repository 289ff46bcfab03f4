/** The types `time.Duration`, `time.Month` and `time.Weekday`: integers with names and methods. */
import { formatDuration, roundDuration, truncateDuration } from "../go/duration.ts";
import { dayNames, monthNames } from "../go/time.ts";
import { method } from "../values/define.ts";
import { integer } from "../values/make.ts";
import type { BasicType, GoType, IntValue, Method, Value } from "../values/model.ts";
import { definedType } from "../values/types.ts";
import { isInt } from "../values/value.ts";

/** The types that the methods' signatures name, filled below: they are read when a method is first called. */
const named: GoType[] = [];

/** `time.Duration`: nanoseconds. */
export const durationType = definedType(
  "time.Duration",
  "int64",
  new Map([
    ["String", method("func() string", (receiver) => formatDuration(numberOf(receiver)))],
    ["Nanoseconds", whole(1n)],
    ["Microseconds", whole(1000n)],
    ["Milliseconds", whole(1_000_000n)],
    ["Seconds", fractional(1_000_000_000n)],
    ["Minutes", fractional(60_000_000_000n)],
    ["Hours", fractional(3_600_000_000_000n)],
    ["Round", toMultiple(roundDuration)],
    ["Truncate", toMultiple(truncateDuration)],
    ["Abs", method("func() time.Duration", (receiver) => absolute(numberOf(receiver)), named)],
  ]),
);

named.push(durationType);

export const monthType: BasicType = nameOf("time.Month", (number) => monthNames[number - 1]);
export const weekdayType: BasicType = nameOf("time.Weekday", (number) => dayNames[number]);

/** A duration. @param nanoseconds within int64 */
export function duration(nanoseconds: bigint): IntValue {
  return integer(nanoseconds, durationType);
}

/** The number in an integer of any type, 0 for anything else. */
export function numberOf(value: Value): bigint {
  return isInt(value) ? value.value : 0n;
}

function whole(unit: bigint): Method {
  return method("func() int64", (receiver) => numberOf(receiver) / unit);
}

/** Go adds the whole units and the rest as two floating-point numbers. */
function fractional(unit: bigint): Method {
  return method("func() float64", (receiver) => {
    const nanoseconds = numberOf(receiver);
    return Number(nanoseconds / unit) + Number(nanoseconds % unit) / Number(unit);
  });
}

function toMultiple(change: (nanoseconds: bigint, multiple: bigint) => bigint): Method {
  return method(
    "func(time.Duration) time.Duration",
    (receiver, multiple) => duration(change(numberOf(receiver), numberOf(multiple))),
    named,
  );
}

function absolute(nanoseconds: bigint): IntValue {
  if (nanoseconds >= 0n) return duration(nanoseconds);
  const most = (1n << 63n) - 1n;
  return duration(-nanoseconds > most ? most : -nanoseconds);
}

function nameOf(type: string, name: (number: number) => string | undefined): BasicType {
  const fallback = (number: bigint): string => `%!${type.slice("time.".length)}(${number})`;
  return definedType(
    type,
    "int",
    new Map([
      [
        "String",
        method(
          "func() string",
          (receiver) => name(Number(numberOf(receiver))) ?? fallback(numberOf(receiver)),
        ),
      ],
    ]),
  );
}
