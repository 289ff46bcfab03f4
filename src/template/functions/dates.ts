/** The functions for dates and spans of time that do not depend on when they run, but for `ago`. */
import { formatDuration, parseDuration, roundDuration } from "../go/duration.ts";
import { GoError } from "../go/go-error.ts";
import { parseInteger } from "../go/parse-number.ts";
import { parseTime } from "../go/parse-time.ts";
import { addNanoseconds, type GoTime, local, nanosecondsBetween, now, utc, zeroTime } from "../go/time.ts";
import { define } from "../values/define.ts";
import type { StructValue, Value } from "../values/model.ts";
import { timeOf, timeType, timeValue } from "./time-type.ts";

const second = 1_000_000_000n;
const hour = 3600n * second;

/** The units of `durationRound`, the greatest first: years have 365 days, months 30. */
const roundUnits: readonly (readonly [name: string, size: bigint])[] = [
  ["y", 365n * 24n * hour],
  ["mo", 30n * 24n * hour],
  ["d", 24n * hour],
  ["h", hour],
  ["m", 60n * second],
  ["s", second],
];

export const dateFunctions = [
  define("toDate", "func(string, string) time.Time", (layout, text) => timeValue(readOrZero(layout, text)), [
    timeType,
  ]),
  define(
    "mustToDate",
    "func(string, string) (time.Time, error)",
    (layout, text) => timeValue(parseTime(layout, text, local)),
    [timeType],
  ),
  define("mustDateModify", "func(string, time.Time) (time.Time, error)", modify, [timeType]),
  define("must_date_modify", "func(string, time.Time) (time.Time, error)", modify, [timeType]),
  define("unixEpoch", "func(time.Time) string", (time) => String(timeOf(time).seconds), [timeType]),
  define("duration", "func(any) string", (value) =>
    formatDuration(BigInt.asIntN(64, secondsOf(value) * second)),
  ),
  define("durationRound", "func(any) string", (value) => roundToUnit(spanOf(value))),
  define("ago", "func(any) string", (value) =>
    formatDuration(roundDuration(nanosecondsBetween(momentOf(value), now()), second)),
  ),
];

function readOrZero(layout: string, text: string): GoTime {
  try {
    return parseTime(layout, text, local);
  } catch (error) {
    if (error instanceof GoError) return zeroTime();
    throw error;
  }
}

function modify(span: string, time: StructValue): StructValue {
  return timeValue(addNanoseconds(timeOf(time), parseDuration(span)));
}

/** Only strings and int64 count; anything else, an int too, is 0. */
function secondsOf(value: Value): bigint {
  if (isPlain(value, "string")) return parseInteger(value.value, 10).value;
  return isPlain(value, "int64") ? value.value : 0n;
}

function spanOf(value: Value): bigint {
  if (isPlain(value, "string")) return durationOrZero(value.value);
  if (isPlain(value, "int64")) return value.value;
  return isTime(value) ? nanosecondsBetween(timeOf(value), now()) : 0n;
}

function durationOrZero(text: string): bigint {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof GoError) return 0n;
    throw error;
  }
}

function roundToUnit(span: bigint): string {
  const size = span < 0n ? -span : span;
  const unit = roundUnits.find(([, each]) => size > each);
  return unit === undefined ? "0s" : `${size / unit[1]}${unit[0]}`;
}

function momentOf(value: Value): GoTime {
  if (isTime(value)) return timeOf(value);
  if (isPlain(value, "int64") || isPlain(value, "int")) {
    return { seconds: value.value, nanoseconds: 0, zone: utc };
  }
  return now();
}

function isTime(value: Value): boolean {
  return value.kind === "struct" && value.type.name === timeType.name;
}

/** Whether a value is of the basic type itself: Go's type switch does not take a type that is made of it. */
function isPlain<K extends "string" | "int" | "int64">(
  value: Value,
  kind: K,
): value is Extract<Value, { kind: K | string }> & { kind: K; value: K extends "string" ? string : bigint } {
  return value.kind === kind && value.type.name === kind;
}
