/** Reads points in time by layout, as Go's `time.ParseInLocation` does. */

import { findDay } from "./find-day.ts";
import { GoError } from "./go-error.ts";
import { readField, skipText } from "./read-time-field.ts";
import { type GoTime, timeFrom, utc, type Zone, zoneAt } from "./time.ts";
import { BadField, type FieldsRead, newFields } from "./time-fields.ts";
import { parseLayout } from "./time-layout.ts";
import { decodeRune } from "./utf8.ts";

/**
 * The time that `value` stands for under `layout`; a value without zone is in `zone`.
 *
 * @throws GoError `parsing time "VALUE" as "LAYOUT": cannot parse "REST" as "FIELD"` and its kin
 */
export function parseTime(layout: string, value: string, zone: Zone): GoTime {
  const quoted = `parsing time ${quoteTime(value)}`;
  const mismatch = (rest: string, element: string): GoError =>
    new GoError(
      `${quoted} as ${quoteTime(layout)}: cannot parse ${quoteTime(rest)} as ${quoteTime(element)}`,
    );
  const { fields, suffix } = parseLayout(layout);
  const read = newFields();
  let rest = value;
  for (const [at, field] of fields.entries()) {
    const afterPrefix = skipText(rest, field.prefix);
    if (!afterPrefix.isWhole) throw mismatch(afterPrefix.rest, field.prefix);
    try {
      rest = readField(field, fields[at + 1], afterPrefix.rest, read);
    } catch (error) {
      if (!(error instanceof BadField)) throw error;
      if (error.outOfRange === "") throw mismatch(afterPrefix.rest, field.text);
      throw new GoError(`${quoted}: ${error.outOfRange} out of range`);
    }
  }
  const end = skipText(rest, suffix);
  if (!end.isWhole) throw mismatch(end.rest, suffix);
  if (end.rest !== "") throw new GoError(`${quoted}: extra text: ${quoteTime(end.rest)}`);
  const found = findDay(read);
  if (typeof found === "string") throw new GoError(`${quoted}: ${found}`);
  return place({ ...read, ...found }, zone);
}

/** The point in time of the fields, in the zone that they name. */
function place(read: FieldsRead & { month: number; day: number }, zone: Zone): GoTime {
  const hour = read.isPm && read.hour < 12 ? read.hour + 12 : read.isAm && read.hour === 12 ? 0 : read.hour;
  const parts = { ...read, hour };
  if (read.isUtc) return timeFrom(parts, read.nanoseconds, utc);
  const asUtc = timeFrom(parts, read.nanoseconds, utc);
  if (read.offset !== undefined) return withOffset(asUtc, read.offset, read.zoneName, zone);
  if (read.zoneName === "") return timeFrom(parts, read.nanoseconds, zone);
  const inZone = timeFrom(parts, read.nanoseconds, zone);
  if (zoneAt(inZone.seconds, zone).name === read.zoneName) return inZone;
  // An unknown abbreviation is taken as a made-up place without offset; GMT-7 and the like say theirs.
  const hours = /^GMT[+-]/.test(read.zoneName) ? Number(read.zoneName.slice(3)) : 0;
  const made: Zone = { kind: "fixed", name: read.zoneName, offset: hours * 3600 };
  return { ...asUtc, zone: made };
}

function withOffset(asUtc: GoTime, offset: number, zoneName: string, zone: Zone): GoTime {
  const seconds = asUtc.seconds - BigInt(offset);
  const known = zoneAt(seconds, zone);
  const isOurs = known.offset === offset && (zoneName === "" || known.name === zoneName);
  return { ...asUtc, seconds, zone: isOurs ? zone : { kind: "fixed", name: zoneName, offset } };
}

/** A text in double quotes as package time writes it: bytes outside printable ASCII as `\xNN`. */
export function quoteTime(text: string): string {
  let quoted = "";
  for (let at = 0; at < text.length; ) {
    const { rune, size } = decodeRune(text, at);
    if (rune >= 0x80 || rune < 0x20) quoted += hexadecimal(text.slice(at, at + size));
    else quoted += rune === 0x22 || rune === 0x5c ? `\\${text.charAt(at)}` : text.charAt(at);
    at += size;
  }
  return `"${quoted}"`;
}

function hexadecimal(bytes: string): string {
  let text = "";
  for (const byte of bytes) text += `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return text;
}
