/** Points in time as Go's time.Time keeps them: seconds and nanoseconds, with the zone they are shown in. */

/** A zone: a fixed offset, or the machine's own. */
export interface Zone {
  kind: "utc" | "local" | "fixed";
  /** Abbreviation, "" if none is known; of use for `fixed` only. */
  name: string;
  /** Seconds east of UTC; of use for `fixed` only. */
  offset: number;
}

/** A point in time. */
export interface GoTime {
  /** Since 1970-01-01T00:00:00Z; before it below zero. */
  seconds: bigint;
  /** 0..999,999,999. */
  nanoseconds: number;
  zone: Zone;
}

/** Date and clock of a point in time in its zone. */
export interface Clock {
  year: number;
  /** 1..12. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** 0 is Sunday. */
  weekday: number;
  /** 1..366. */
  yearDay: number;
}

export const utc: Zone = { kind: "utc", name: "UTC", offset: 0 };
/** The machine's zone, from the environment variable TZ or its settings. */
export const local: Zone = { kind: "local", name: "Local", offset: 0 };

/** Go's zero time, 0001-01-01T00:00:00Z, in seconds. */
export const zeroSeconds = -62135596800n;

export const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

export const dayNames = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
] as const;

const secondsPerDay = 86400n;
/** Days of 400 years of the Gregorian calendar, after which it repeats. */
const daysPerEra = 146097n;
/** Days from 0000-03-01 to 1970-01-01. */
const daysToEpoch = 719468n;

/** The time with no value. */
export function zeroTime(): GoTime {
  return { seconds: zeroSeconds, nanoseconds: 0, zone: utc };
}

/** The point in time of a date and a clock in a zone; parts beyond their range carry over as in Go's `time.Date`. */
export function timeFrom(
  parts: { year: number; month: number; day: number; hour: number; minute: number; second: number },
  nanoseconds: number,
  zone: Zone,
): GoTime {
  const days = daysFromCivil(parts.year, parts.month) + BigInt(parts.day - 1);
  const clock = BigInt(parts.hour * 3600 + parts.minute * 60 + parts.second);
  const wall = days * secondsPerDay + clock;
  return { seconds: wall - BigInt(offsetOfWall(wall, zone)), nanoseconds, zone };
}

/** The time later by a number of nanoseconds. */
export function addNanoseconds(time: GoTime, nanoseconds: bigint): GoTime {
  const total = BigInt(time.nanoseconds) + nanoseconds;
  const carried = floorDivide(total, 1_000_000_000n);
  return {
    ...time,
    seconds: time.seconds + carried,
    nanoseconds: Number(total - carried * 1_000_000_000n),
  };
}

/** -1, 0 or 1, whatever the zones. */
export function compareTimes(left: GoTime, right: GoTime): number {
  if (left.seconds !== right.seconds) return left.seconds < right.seconds ? -1 : 1;
  return Math.sign(left.nanoseconds - right.nanoseconds);
}

/** The time later by years, months and days of the calendar; a 31st in a shorter month carries over (Go's `AddDate`). */
export function addDate(time: GoTime, years: number, months: number, days: number): GoTime {
  const clock = clockOf(time);
  const month = clock.month - 1 + months;
  const year = clock.year + years + Math.floor(month / 12);
  const parts = { ...clock, year, month: (((month % 12) + 12) % 12) + 1, day: clock.day + days };
  return timeFrom(parts, time.nanoseconds, time.zone);
}

/** Date and clock in the time's zone. */
export function clockOf(time: GoTime): Clock {
  const wall = time.seconds + BigInt(zoneAt(time.seconds, time.zone).offset);
  const days = floorDivide(wall, secondsPerDay);
  const second = Number(wall - days * secondsPerDay);
  const { year, month, day } = civilFromDays(days);
  return {
    year,
    month,
    day,
    hour: Math.floor(second / 3600),
    minute: Math.floor(second / 60) % 60,
    second: second % 60,
    weekday: Number((((days + 4n) % 7n) + 7n) % 7n),
    yearDay: Number(days - daysFromCivil(year, 1)) + 1,
  };
}

/** Name and offset that a zone has at a point in time (seconds since 1970). */
export function zoneAt(seconds: bigint, zone: Zone): { name: string; offset: number } {
  if (zone.kind !== "local") return zone;
  const date = dateOf(seconds);
  const offset = -Math.round(date.getTimezoneOffset() * 60);
  return { name: localName(date), offset };
}

/** What Go's `Location.String` says of a zone; of the machine's own, the name that TZ gives it. */
export function zoneTitle(zone: Zone): string {
  if (zone.kind !== "local" || process.env.TZ === undefined) return zone.name;
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** How many days a month has. */
export function daysIn(month: number, year: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Whether a year has a 29th of February. */
export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Nanoseconds from `earlier` to `later`, held within int64 as Go's `Sub` does. */
export function nanosecondsBetween(earlier: GoTime, later: GoTime): bigint {
  const seconds = later.seconds - earlier.seconds;
  const total = seconds * 1_000_000_000n + BigInt(later.nanoseconds - earlier.nanoseconds);
  const most = (1n << 63n) - 1n;
  if (total > most) return most;
  return total < -most - 1n ? -most - 1n : total;
}

/** The present, to the millisecond. */
export function now(): GoTime {
  const milliseconds = Date.now();
  const seconds = Math.floor(milliseconds / 1000);
  return {
    seconds: BigInt(seconds),
    nanoseconds: (milliseconds - seconds * 1000) * 1_000_000,
    zone: local,
  };
}

/** The offset with which a wall clock is read, Go's way: try the one before, then the one after a change. */
function offsetOfWall(wall: bigint, zone: Zone): number {
  if (zone.kind !== "local") return zone.offset;
  const first = zoneAt(wall, zone).offset;
  return first === 0 ? 0 : zoneAt(wall - BigInt(first), zone).offset;
}

function dateOf(seconds: bigint): Date {
  // The range of a JS date; zones do not change beyond it.
  const most = 8_640_000_000_000n;
  const clamped = seconds > most ? most : seconds < -most ? -most : seconds;
  return new Date(Number(clamped) * 1000);
}

function localName(date: Date): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(date);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  // Only local mean times, from before there were zones, have seconds.
  if (/^GMT[+-][0-9]+:[0-9]+:[0-9]+$/.test(name)) return "LMT";
  // The runtime abbreviates American zones and UTC; for others it has GMT+3, which becomes +03 as for the zones
  // that have no abbreviation at all.
  const match = /^GMT([+-])([0-9]+)(?::([0-9]+))?$/.exec(name);
  return match === null ? name : `${match[1]}${(match[2] ?? "").padStart(2, "0")}${match[3] ?? ""}`;
}

/** Days since 1970-01-01 of the first of a month (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
function daysFromCivil(year: number, month: number): bigint {
  const shifted = BigInt(month <= 2 ? year - 1 : year);
  const era = floorDivide(shifted, 400n);
  const yearOfEra = shifted - era * 400n;
  const dayOfYear = BigInt(Math.floor((153 * ((month + 9) % 12) + 2) / 5));
  const dayOfEra = yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n + dayOfYear;
  return era * daysPerEra + dayOfEra - daysToEpoch;
}

function civilFromDays(days: bigint): { year: number; month: number; day: number } {
  const shifted = days + daysToEpoch;
  const era = floorDivide(shifted, daysPerEra);
  const dayOfEra = Number(shifted - era * daysPerEra);
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: Number(era) * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day };
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}
