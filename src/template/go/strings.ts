/** What package strings does with byte strings: trimming, splitting, replacing. */
import { isSpace } from "./unicode.ts";
import { decodeLastRune, decodeRune, runeCount, runesOf } from "./utf8.ts";

/** strings.TrimSpace: Unicode's white space, so U+0085 goes and U+FEFF stays. */
export function trimSpace(text: string): string {
  return trimWhere(text, isSpace);
}

/** strings.Trim: every character of `cutset` at both ends. */
export function trimSet(text: string, cutset: string): string {
  const set = new Set(runesOf(cutset));
  return set.size === 0 ? text : trimWhere(text, (rune) => set.has(rune));
}

function trimWhere(text: string, goes: (rune: number) => boolean): string {
  let from = 0;
  while (from < text.length) {
    const { rune, size } = decodeRune(text, from);
    if (!goes(rune)) break;
    from += size;
  }
  let to = text.length;
  while (to > from) {
    const { rune, size } = decodeLastRune(text, to);
    if (!goes(rune)) break;
    to -= size;
  }
  return text.slice(from, to);
}

/** How many parts {@link splitText} gives. */
export function countParts(text: string, separator: string, limit: number): number {
  if (limit === 0) return 0;
  const all = separator === "" ? runeCount(text) : countOf(text, separator) + 1;
  return limit < 0 ? all : Math.min(all, limit);
}

/** strings.SplitN: at most `limit` parts, -1 for all; an empty separator splits into characters. */
export function splitText(text: string, separator: string, limit: number): string[] {
  if (limit === 0) return [];
  if (separator === "") return explode(text, limit);
  const parts: string[] = [];
  let from = 0;
  while (limit < 0 || parts.length < limit - 1) {
    const at = text.indexOf(separator, from);
    if (at < 0) break;
    parts.push(text.slice(from, at));
    from = at + separator.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function explode(text: string, limit: number): string[] {
  const parts: string[] = [];
  let at = 0;
  while (at < text.length) {
    const isLast = limit > 0 && parts.length === limit - 1;
    const end = isLast ? text.length : at + decodeRune(text, at).size;
    parts.push(text.slice(at, end));
    at = end;
  }
  return parts;
}

/** How often `part` occurs without overlapping; an empty one before, between and after all characters. */
export function countOf(text: string, part: string): number {
  if (part === "") return runeCount(text) + 1;
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++;
  return count;
}

/** strings.ReplaceAll. */
export function replaceText(text: string, old: string, next: string): string {
  if (old !== "") return text.split(old).join(next);
  return (
    next +
    explode(text, -1)
      .map((each) => each + next)
      .join("")
  );
}
