/** Reads the zone of a time, as offset or as abbreviation. */

import { BadField, type FieldsRead } from "./time-fields.ts";
import type { LayoutField } from "./time-layout.ts";

/**
 * Reads an offset from UTC, `Z` included where the field allows it, and gives the rest of the value.
 *
 * @throws BadField
 */
export function readOffset(field: LayoutField, value: string, read: FieldsRead): string {
  if (field.kind === "z-offset" && value.startsWith("Z")) {
    read.isUtc = true;
    return value.slice(1);
  }
  const { colon, minutes, seconds } = field.form;
  const separator = colon ? ":" : "";
  const two = "(..)";
  const form = `^(.)${two}${minutes ? separator + two : ""}${seconds ? separator + two : ""}`;
  const match = new RegExp(form, "s").exec(value);
  if (match === null) throw new BadField();
  const [whole, sign, hour = "", minute = "00", second = "00"] = match;
  if (![hour, minute, second].every((part) => /^[0-9]{2}$/.test(part))) {
    throw new BadField(offsetOutOfRange(hour, minute, second));
  }
  const outOfRange = offsetOutOfRange(hour, minute, second);
  if (outOfRange !== "") throw new BadField(outOfRange);
  if (sign !== "+" && sign !== "-") throw new BadField();
  const offset = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  read.offset = sign === "-" ? -offset : offset;
  return value.slice(whole.length);
}

/** Go looks at the ranges even when a later part is no number. The limits let 24 and 60 pass, as Go's do. */
function offsetOutOfRange(hour: string, minute: string, second: string): string {
  const numbers: number[] = [];
  for (const part of [hour, minute, second]) {
    if (!/^[0-9]{2}$/.test(part)) break;
    numbers.push(Number(part));
  }
  const [hours = 0, minutes = 0, seconds = 0] = numbers;
  if (seconds > 60) return "time zone offset second";
  if (minutes > 60) return "time zone offset minute";
  return hours > 24 ? "time zone offset hour" : "";
}

/**
 * Reads the abbreviation of a zone and gives the rest of the value.
 *
 * @throws BadField
 */
export function readZoneName(value: string, read: FieldsRead): string {
  if (value.startsWith("UTC")) {
    read.isUtc = true;
    return value.slice(3);
  }
  const size = zoneNameSize(value);
  if (size === 0) throw new BadField();
  read.zoneName = value.slice(0, size);
  return value.slice(size);
}

/** How long the abbreviation is that a value begins with; 0 if none. Three or four capitals, or five with a T. */
function zoneNameSize(value: string): number {
  if (value.length < 3) return 0;
  if (/^(ChST|MeST)/.test(value)) return 4;
  if (value.startsWith("GMT")) return 3 + signedOffsetSize(value.slice(3));
  if (/^[+-]/.test(value)) return signedOffsetSize(value);
  const capitals = /^[A-Z]{0,6}/.exec(value)?.[0] ?? "";
  if (capitals.length === 5) return capitals.endsWith("T") ? 5 : 0;
  if (capitals.length === 4) return capitals.endsWith("T") || capitals === "WITA" ? 4 : 0;
  return capitals.length === 3 ? 3 : 0;
}

function signedOffsetSize(value: string): number {
  const match = /^[+-]([0-9]+)/.exec(value);
  return match === null || Number(match[1]) > 23 ? 0 : match[0].length;
}
