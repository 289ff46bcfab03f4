/** Panics of Go's runtime, word for word. */
import { GoPanic } from "../go/go-error.ts";

/** s[from:to] of a string; undefined where that end is left out. */
export function sliceText(text: string, from: number | undefined, to: number | undefined): string {
  const end = to ?? text.length;
  if (to !== undefined && (to < 0 || to > text.length)) {
    throw outOfRange(to < 0 ? `[:${to}]` : `[:${to}] with length ${text.length}`);
  }
  const start = from ?? 0;
  if (start < 0 || start > end) throw outOfRange(start < 0 ? `[${start}:]` : `[${start}:${end}]`);
  return text.slice(start, end);
}

function outOfRange(what: string): GoPanic {
  return new GoPanic(`runtime error: slice bounds out of range ${what}`);
}
