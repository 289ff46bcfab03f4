/** Writes points in time by layout, as Go's `Time.Format` and `Time.String` do. */

import { quoteTime } from "./parse-time.ts";
import { type Clock, clockOf, dayNames, type GoTime, monthNames, zoneAt } from "./time.ts";
import { type LayoutField, parseLayout } from "./time-layout.ts";

/** What `Time.String` uses. */
const stringLayout = "2006-01-02 15:04:05.999999999 -0700 MST";

/** The time by a layout. */
export function formatTime(time: GoTime, layout: string): string {
  const { fields, suffix } = parseLayout(layout);
  const clock = clockOf(time);
  const zone = zoneAt(time.seconds, time.zone);
  let text = "";
  for (const field of fields) text += field.prefix + formatField(field, time, clock, zone);
  return text + suffix;
}

/** The form in which Go prints a time. */
export function timeToString(time: GoTime): string {
  return formatTime(time, stringLayout);
}

/** The form of `%#v`. */
export function goStringOfTime(time: GoTime): string {
  const { year, month, day, hour, minute, second } = clockOf(time);
  const name = monthNames[month - 1] ?? "";
  const { kind } = time.zone;
  const zone =
    kind === "utc"
      ? "time.UTC"
      : kind === "local"
        ? "time.Local"
        : `time.Location(${quoteTime(time.zone.name)})`;
  return `time.Date(${year}, time.${name}, ${day}, ${hour}, ${minute}, ${second}, ${time.nanoseconds}, ${zone})`;
}

function formatField(
  field: LayoutField,
  time: GoTime,
  clock: Clock,
  zone: { name: string; offset: number },
): string {
  switch (field.kind) {
    case "PM":
      return clock.hour >= 12 ? "PM" : "AM";
    case "pm":
      return clock.hour >= 12 ? "pm" : "am";
    case "zone-name":
      return zone.name || formatOffset({ ...field, kind: "offset" }, zone.offset, true);
    case "offset":
    case "z-offset":
      return formatOffset(field, zone.offset, false);
    case "fraction":
    case "short-fraction":
      return formatFraction(field, time.nanoseconds);
    default:
      return formatDateField(field, clock) ?? formatClockField(field, clock);
  }
}

function formatDateField({ kind }: LayoutField, clock: Clock): string | undefined {
  const month = monthNames[clock.month - 1] ?? "";
  const weekday = dayNames[clock.weekday] ?? "";
  switch (kind) {
    case "long-month":
      return month;
    case "month":
      return month.slice(0, 3);
    case "number-month":
      return digits(clock.month, 0);
    case "zero-month":
      return digits(clock.month, 2);
    case "long-weekday":
      return weekday;
    case "weekday":
      return weekday.slice(0, 3);
    case "day":
      return digits(clock.day, 0);
    case "under-day":
      return String(clock.day).padStart(2, " ");
    case "zero-day":
      return digits(clock.day, 2);
    case "under-year-day":
      return String(clock.yearDay).padStart(3, " ");
    case "zero-year-day":
      return digits(clock.yearDay, 3);
    case "long-year":
      return digits(clock.year, 4);
    case "year":
      return digits(Math.abs(clock.year) % 100, 2);
    default:
      return undefined;
  }
}

function formatClockField({ kind }: LayoutField, clock: Clock): string {
  switch (kind) {
    case "hour":
      return digits(clock.hour, 2);
    case "hour12":
      return digits(clock.hour % 12 || 12, 0);
    case "zero-hour12":
      return digits(clock.hour % 12 || 12, 2);
    case "minute":
      return digits(clock.minute, 0);
    case "zero-minute":
      return digits(clock.minute, 2);
    case "second":
      return digits(clock.second, 0);
    default:
      return digits(clock.second, 2);
  }
}

/** Go cuts an offset to whole minutes; `isName` is its form in place of a missing abbreviation, `+0330`. */
function formatOffset(field: LayoutField, offset: number, isName: boolean): string {
  if (offset === 0 && field.kind === "z-offset") return "Z";
  const minutes = Math.trunc(offset / 60);
  const { colon, minutes: hasMinutes, seconds } = field.form;
  const separator = colon ? ":" : "";
  let text = (minutes < 0 ? "-" : "+") + digits(Math.trunc(Math.abs(minutes) / 60), 2);
  if (hasMinutes || isName) text += separator + digits(Math.abs(minutes) % 60, 2);
  // The seconds keep a sign of their own where the minutes are zero, as in Go.
  if (seconds) text += separator + digits((minutes < 0 ? -offset : offset) % 60, 2);
  return text;
}

function formatFraction(field: LayoutField, nanoseconds: number): string {
  const count = field.text.length - 1;
  const all = String(nanoseconds).padStart(9, "0");
  const separator = field.text.charAt(0);
  if (field.kind === "fraction") return separator + all.slice(0, count);
  const trimmed = all.slice(0, count).replace(/0+$/, "");
  return trimmed === "" ? "" : separator + trimmed;
}

function digits(number: number, width: number): string {
  return (number < 0 ? "-" : "") + String(Math.abs(number)).padStart(width, "0");
}
