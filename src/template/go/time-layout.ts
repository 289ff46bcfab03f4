/** Reads the layouts of Go's package time, in which a reference date (`2006-01-02 15:04:05`) stands for the fields. */

/** A field of a layout. Those that begin with `z` print `Z` for UTC. */
export type FieldKind =
  | "long-month"
  | "month"
  | "number-month"
  | "zero-month"
  | "long-weekday"
  | "weekday"
  | "day"
  | "under-day"
  | "zero-day"
  | "under-year-day"
  | "zero-year-day"
  | "hour"
  | "hour12"
  | "zero-hour12"
  | "minute"
  | "zero-minute"
  | "second"
  | "zero-second"
  | "long-year"
  | "year"
  | "PM"
  | "pm"
  | "zone-name"
  | "offset"
  | "z-offset"
  | "fraction"
  | "short-fraction";

/** How the offset from UTC is written. */
export interface OffsetForm {
  colon: boolean;
  minutes: boolean;
  seconds: boolean;
}

/** One field where it stands in a layout. */
export interface LayoutField {
  kind: FieldKind;
  /** The text before it, copied as it is. */
  prefix: string;
  /** The field as it is written in the layout. */
  text: string;
  /** Of `offset` and `z-offset`. */
  form: OffsetForm;
}

/** A layout: its fields in order, and what follows the last. */
export interface Layout {
  fields: readonly LayoutField[];
  suffix: string;
}

const noForm: OffsetForm = { colon: false, minutes: false, seconds: false };

/** Fields by the text they are written with; for texts that begin alike, the one to try first comes first. */
const fixedTexts: readonly (readonly [text: string, kind: FieldKind])[] = [
  ["January", "long-month"],
  ["Jan", "month"],
  ["Monday", "long-weekday"],
  ["Mon", "weekday"],
  ["MST", "zone-name"],
  ["01", "zero-month"],
  ["02", "zero-day"],
  ["03", "zero-hour12"],
  ["04", "zero-minute"],
  ["05", "zero-second"],
  ["06", "year"],
  ["002", "zero-year-day"],
  ["15", "hour"],
  ["1", "number-month"],
  ["2006", "long-year"],
  ["2", "day"],
  ["_2", "under-day"],
  ["__2", "under-year-day"],
  ["3", "hour12"],
  ["4", "minute"],
  ["5", "second"],
  ["PM", "PM"],
  ["pm", "pm"],
];

const offsetTexts = ["070000", "07:00:00", "0700", "07:00", "07"];
const kept = new Map<string, Layout>();
const keptLayouts = 100;

/** The fields of a layout; the last layouts are kept. */
export function parseLayout(text: string): Layout {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const fields: LayoutField[] = [];
  let begin = 0;
  for (let at = 0; at < text.length; ) {
    const found = fieldAt(text, at);
    if (found === undefined) {
      at++;
      continue;
    }
    // `_2006` is an underscore before a year.
    const start = found.skipped === undefined ? at : at + found.skipped;
    fields.push({ kind: found.kind, prefix: text.slice(begin, start), text: found.text, form: found.form });
    begin = start + found.text.length;
    at = begin;
  }
  const layout = { fields, suffix: text.slice(begin) };
  if (kept.size >= keptLayouts) kept.clear();
  kept.set(text, layout);
  return layout;
}

interface FoundField {
  kind: FieldKind;
  text: string;
  form: OffsetForm;
  skipped?: number;
}

function fieldAt(layout: string, at: number): FoundField | undefined {
  const first = layout.charAt(at);
  if (first === "-" || first === "Z") return offsetAt(layout, at, first);
  if (first === "." || first === ",") return fractionAt(layout, at);
  if (layout.startsWith("_2006", at)) return { kind: "long-year", text: "2006", form: noForm, skipped: 1 };
  for (const [text, kind] of fixedTexts) {
    if (!layout.startsWith(text, at)) continue;
    // "Janet" and "Monkey" are words, not fields.
    const isWord = (kind === "month" || kind === "weekday") && /^[a-z]/.test(layout.slice(at + 3, at + 4));
    if (!isWord) return { kind, text, form: noForm };
  }
  return undefined;
}

function offsetAt(layout: string, at: number, sign: string): FoundField | undefined {
  const text = offsetTexts.find((each) => layout.startsWith(each, at + 1));
  if (text === undefined) return undefined;
  const digits = text.replaceAll(":", "").length;
  const form = { colon: text.includes(":"), minutes: digits >= 4, seconds: digits >= 6 };
  return { kind: sign === "Z" ? "z-offset" : "offset", text: sign + text, form };
}

/** `.000` or `,999`, unless more digits of another kind follow. */
function fractionAt(layout: string, at: number): FoundField | undefined {
  const digit = layout.charAt(at + 1);
  if (digit !== "0" && digit !== "9") return undefined;
  let end = at + 1;
  while (layout.charAt(end) === digit) end++;
  if (/[0-9]/.test(layout.charAt(end))) return undefined;
  const kind = digit === "0" ? "fraction" : "short-fraction";
  return { kind, text: layout.slice(at, end), form: noForm };
}
