/** Reads one field of a time, as Go's `time.Parse` does field by field. */

import { readOffset, readZoneName } from "./read-zone.ts";
import { dayNames, monthNames } from "./time.ts";
import { BadField, type FieldsRead } from "./time-fields.ts";
import type { LayoutField } from "./time-layout.ts";

/** Passes over the text between fields; a run of spaces in it matches any run of spaces, at the end of the value none. */
export function skipText(value: string, text: string): { rest: string; isWhole: boolean } {
  let rest = value;
  for (let at = 0; at < text.length; ) {
    if (text[at] === " ") {
      if (rest !== "" && rest[0] !== " ") return { rest, isWhole: false };
      while (text[at] === " ") at++;
      rest = rest.replace(/^ +/, "");
      continue;
    }
    if (rest === "" || rest[0] !== text[at]) return { rest, isWhole: false };
    rest = rest.slice(1);
    at++;
  }
  return { rest, isWhole: true };
}

/**
 * Reads a field into `read` and gives the rest of the value.
 *
 * @param next the field that follows: seconds swallow a fraction unless it is one
 * @throws BadField
 */
export function readField(
  field: LayoutField,
  next: LayoutField | undefined,
  value: string,
  read: FieldsRead,
): string {
  switch (field.kind) {
    case "PM":
    case "pm":
      return readHalf(field.kind, value, read);
    case "zone-name":
      return readZoneName(value, read);
    case "offset":
    case "z-offset":
      return readOffset(field, value, read);
    case "fraction":
      if (value.length < field.text.length) throw new BadField();
      return readNanoseconds(value, field.text.length, read);
    case "short-fraction": {
      const fraction = /^[.,][0-9]+/.exec(value)?.[0];
      return fraction === undefined ? value : readNanoseconds(value, fraction.length, read);
    }
    case "second":
    case "zero-second":
      return readSecond(field, next, value, read);
    case "hour":
    case "hour12":
    case "zero-hour12":
    case "minute":
    case "zero-minute":
      return readClockField(field, value, read);
    default:
      return readDateField(field, value, read);
  }
}

function readDateField(field: LayoutField, value: string, read: FieldsRead): string {
  switch (field.kind) {
    case "year":
      return readShortYear(value, read);
    case "long-year":
      if (!/^[0-9]{4}/.test(value)) throw new BadField();
      read.year = Number(value.slice(0, 4));
      return value.slice(4);
    case "month":
    case "long-month":
      return readName(monthNames, field.kind === "month", value, (at) => {
        read.month = at + 1;
      });
    case "weekday":
    case "long-weekday":
      return readName(dayNames, field.kind === "weekday", value, () => {});
    case "number-month":
    case "zero-month": {
      const [month, rest] = readNumber(value, field.kind === "zero-month");
      if (month < 1 || month > 12) throw new BadField("month");
      read.month = month;
      return rest;
    }
    case "under-year-day":
    case "zero-year-day":
      return readYearDay(field, value, read);
    default: {
      const trimmed = field.kind === "under-day" && value.startsWith(" ") ? value.slice(1) : value;
      const [day, rest] = readNumber(trimmed, field.kind === "zero-day");
      read.day = day;
      return rest;
    }
  }
}

function readClockField(field: LayoutField, value: string, read: FieldsRead): string {
  const isMinute = field.kind === "minute" || field.kind === "zero-minute";
  const [number, rest] = readNumber(value, field.kind.startsWith("zero-"));
  const most = isMinute ? 59 : field.kind === "hour" ? 23 : 12;
  if (number > most) throw new BadField(isMinute ? "minute" : "hour");
  if (isMinute) read.minute = number;
  else read.hour = number;
  return rest;
}

function readSecond(
  field: LayoutField,
  next: LayoutField | undefined,
  value: string,
  read: FieldsRead,
): string {
  const [second, rest] = readNumber(value, field.kind === "zero-second");
  if (second > 59) throw new BadField("second");
  read.second = second;
  const fraction = /^[.,][0-9]+/.exec(rest)?.[0];
  const isOwnField = next?.kind === "fraction" || next?.kind === "short-fraction";
  return fraction === undefined || isOwnField ? rest : readNanoseconds(rest, fraction.length, read);
}

function readShortYear(value: string, read: FieldsRead): string {
  // Go reads a sign here too, so that "+7" is 2007.
  const digits = /^(?:[0-9]{2}|[+-][0-9])/.exec(value)?.[0];
  if (digits === undefined) throw new BadField();
  const year = Number(digits);
  // POSIX: 69..99 are of the last century.
  read.year = year + (year >= 69 ? 1900 : 2000);
  return value.slice(2);
}

function readYearDay(field: LayoutField, value: string, read: FieldsRead): string {
  const trimmed = field.kind === "under-year-day" ? value.replace(/^ {1,2}/, "") : value;
  const digits = /^[0-9]{1,3}/.exec(trimmed)?.[0];
  if (digits === undefined || (field.kind === "zero-year-day" && digits.length !== 3)) throw new BadField();
  read.yearDay = Number(digits);
  return trimmed.slice(digits.length);
}

function readName(
  names: readonly string[],
  isShort: boolean,
  value: string,
  found: (at: number) => void,
): string {
  for (const [at, name] of names.entries()) {
    const wanted = isShort ? name.slice(0, 3) : name;
    if (value.slice(0, wanted.length).toLowerCase() !== wanted.toLowerCase()) continue;
    found(at);
    return value.slice(wanted.length);
  }
  throw new BadField();
}

function readHalf(kind: "PM" | "pm", value: string, read: FieldsRead): string {
  const half = value.slice(0, 2);
  const [before, after] = kind === "PM" ? ["AM", "PM"] : ["am", "pm"];
  if (half !== before && half !== after) throw new BadField();
  if (half === after) read.isPm = true;
  else read.isAm = true;
  return value.slice(2);
}

function readNanoseconds(value: string, size: number, read: FieldsRead): string {
  const digits = /^[.,]([+-]?[0-9]+)$/.exec(value.slice(0, Math.min(size, 10)))?.[1];
  if (digits === undefined) throw new BadField();
  const nanoseconds = Number(digits) * 10 ** (9 - digits.length);
  if (nanoseconds < 0) throw new BadField("fractional second");
  read.nanoseconds = nanoseconds;
  return value.slice(size);
}

function readNumber(value: string, isFixed: boolean): [number: number, rest: string] {
  const digits = /^[0-9]{1,2}/.exec(value)?.[0];
  if (digits === undefined || (isFixed && digits.length !== 2)) throw new BadField();
  return [Number(digits), value.slice(digits.length)];
}
