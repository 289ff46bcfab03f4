/** The type `time.Time`, which the function `toDate` returns, with the methods a template can call. */
import { floorDuration, roundSpan } from "../go/duration.ts";
import { formatTime, goStringOfTime, timeToString } from "../go/format-time.ts";
import { GoError, GoPanic } from "../go/go-error.ts";
import {
  addDate,
  addNanoseconds,
  clockOf,
  compareTimes,
  type GoTime,
  local,
  nanosecondsBetween,
  utc,
  type Zone,
  zeroSeconds,
} from "../go/time.ts";
import { method } from "../values/define.ts";
import { bytes, int, int64, integer, struct } from "../values/make.ts";
import type { GoType, Method, StructValue, Value } from "../values/model.ts";
import { int64Type, structType, uint64Type } from "../values/types.ts";
import { duration, durationType, monthType, numberOf, weekdayType } from "./duration-type.ts";
import { locationOf, locationPointerType, zoneOf } from "./location-type.ts";

/** RFC 3339 with as many digits of a second as there are. */
const rfc3339 = "2006-01-02T15:04:05.999999999Z07:00";

/** The types that the methods' signatures name, filled below: they are read when a method is first called. */
const named: GoType[] = [durationType, monthType, weekdayType];

const timeMethods: ReadonlyMap<string, Method> = new Map([
  ["String", method("func() string", (receiver) => timeToString(timeOf(receiver)))],
  ["GoString", method("func() string", (receiver) => goStringOfTime(timeOf(receiver)))],
  ["Format", method("func(string) string", (receiver, layout) => formatTime(timeOf(receiver), layout))],
  ["Year", part((time) => clockOf(time).year)],
  [
    "Month",
    method("func() time.Month", (receiver) => integer(clockOf(timeOf(receiver)).month, monthType), named),
  ],
  ["Day", part((time) => clockOf(time).day)],
  [
    "Weekday",
    method(
      "func() time.Weekday",
      (receiver) => integer(clockOf(timeOf(receiver)).weekday, weekdayType),
      named,
    ),
  ],
  ["YearDay", part((time) => clockOf(time).yearDay)],
  ["Hour", part((time) => clockOf(time).hour)],
  ["Minute", part((time) => clockOf(time).minute)],
  ["Second", part((time) => clockOf(time).second)],
  ["Nanosecond", part((time) => time.nanoseconds)],
  ["Unix", since(1_000_000_000n)],
  ["UnixMilli", since(1_000_000n)],
  ["UnixMicro", since(1000n)],
  ["UnixNano", since(1n)],
  ["IsZero", method("func() bool", (receiver) => isZero(timeOf(receiver)))],
  ["UTC", inZone(utc)],
  ["Local", inZone(local)],
  ["Location", method("func() *time.Location", (receiver) => locationOf(timeOf(receiver).zone, true), named)],
  [
    "Add",
    method(
      "func(time.Duration) time.Time",
      (receiver, span) => timeValue(addNanoseconds(timeOf(receiver), numberOf(span))),
      named,
    ),
  ],
  [
    "AddDate",
    method(
      "func(int, int, int) time.Time",
      (receiver, years, months, days) => timeValue(addDate(timeOf(receiver), years, months, days)),
      named,
    ),
  ],
  [
    "Sub",
    method(
      "func(time.Time) time.Duration",
      (receiver, other) => duration(nanosecondsBetween(timeOf(other), timeOf(receiver))),
      named,
    ),
  ],
  ["Round", toMultiple(roundSpan)],
  ["Truncate", toMultiple(floorDuration)],
  ["After", comparison((order) => order > 0)],
  ["Before", comparison((order) => order < 0)],
  ["Equal", comparison((order) => order === 0)],
  [
    "Compare",
    method("func(time.Time) int", (receiver, other) => compareTimes(timeOf(receiver), timeOf(other)), named),
  ],
  ["MarshalJSON", method("func() ([]uint8, error)", (receiver) => bytes(`"${strictText(receiver)}"`))],
  ["MarshalText", method("func() ([]uint8, error)", (receiver) => bytes(strictText(receiver)))],
]);

/** `time.Time`, with Go's own fields: seconds since the year 1 in `ext`, no zone for UTC. */
export const timeType = structType(
  "time.Time",
  [
    { name: "wall", type: uint64Type },
    { name: "ext", type: int64Type },
    { name: "loc", type: locationPointerType },
  ],
  timeMethods,
);

named.push(timeType, locationPointerType);

/** A time as `time.Time`. */
export function timeValue(time: GoTime): StructValue {
  return struct(timeType, {
    wall: integer(time.nanoseconds, uint64Type),
    ext: int64(time.seconds - zeroSeconds),
    loc: locationOf(time.zone, false),
  });
}

/** The time in a `time.Time`. */
export function timeOf(value: Value): GoTime {
  if (value.kind === "ptr" && value.elem !== undefined) return timeOf(value.elem);
  if (value.kind !== "struct") throw new GoPanic("value method time.Time called using nil *Time pointer");
  const { fields } = value;
  return {
    seconds: numberOf(fields.get("ext") ?? int(0)) + zeroSeconds,
    nanoseconds: Number(numberOf(fields.get("wall") ?? int(0))),
    zone: zoneOf(fields.get("loc")),
  };
}

function part(read: (time: GoTime) => number): Method {
  return method("func() int", (receiver) => read(timeOf(receiver)));
}

/** Whole units of so many nanoseconds since 1970, rounded down. */
function since(unit: bigint): Method {
  return method("func() int64", (receiver) => {
    const { seconds, nanoseconds } = timeOf(receiver);
    return BigInt.asIntN(64, (seconds * 1_000_000_000n) / unit + BigInt(nanoseconds) / unit);
  });
}

function inZone(zone: Zone): Method {
  return method("func() time.Time", (receiver) => timeValue({ ...timeOf(receiver), zone }), named);
}

function comparison(holds: (order: number) => boolean): Method {
  return method(
    "func(time.Time) bool",
    (receiver, other) => holds(compareTimes(timeOf(receiver), timeOf(other))),
    named,
  );
}

/** Go rounds a time by its distance from the year 1. */
function toMultiple(change: (span: bigint, multiple: bigint) => bigint): Method {
  return method(
    "func(time.Duration) time.Time",
    (receiver, multiple) => {
      const time = timeOf(receiver);
      const span = (time.seconds - zeroSeconds) * 1_000_000_000n + BigInt(time.nanoseconds);
      return timeValue(addNanoseconds(time, change(span, numberOf(multiple)) - span));
    },
    named,
  );
}

function isZero({ seconds, nanoseconds }: GoTime): boolean {
  return seconds === zeroSeconds && nanoseconds === 0;
}

function strictText(receiver: Value): string {
  const time = timeOf(receiver);
  const { year } = clockOf(time);
  if (year < 0 || year > 9999) {
    throw new GoError("Time.MarshalJSON: year outside of range [0,9999]");
  }
  return formatTime(time, rfc3339);
}
