/** Regular expressions as Go's package regexp runs them: RE2 syntax, byte offsets, Go's rules for empty matches and `$`. */

import type { RE2JS } from "re2js";
import { compilePattern } from "./compile-regexp.ts";
import { isDigit, isLetter } from "./unicode.ts";
import { decodeRune, stringToBytes } from "./utf8.ts";

const keptPatterns = 256;
const compiled = new Map<string, GoRegexp>();

/** Told what a search is about to cost, so that it can refuse by throwing. */
export interface Meter {
  /** Before each search: instructions of the pattern's program times bytes of text still before it. */
  work: (amount: number) => void;
  /** As a replaced text grows: its bytes so far. */
  size: (bytes: number) => void;
}

const unmetered: Meter = { work: () => {}, size: () => {} };

/** Byte offsets of a match and its groups: start and end of each, -1 for a group that took no part. */
export type MatchOffsets = readonly number[];

/** The text of a match and of its groups; undefined for a group that took no part. */
export type GroupTexts = readonly (string | undefined)[];

/** A compiled pattern. Texts, replacements and results are byte strings. */
export class GoRegexp {
  readonly #engine: RE2JS;
  /** The name of each group at its number, "" for those without. */
  readonly #names: readonly string[];
  readonly #isEmptyPattern: boolean;

  constructor(pattern: string) {
    const { engine, names } = compilePattern(pattern);
    this.#engine = engine;
    this.#names = names;
    this.#isEmptyPattern = pattern === "";
  }

  /** Whether the pattern matches anywhere in the text. */
  matches(text: string, meter = unmetered): boolean {
    return this.#searcher(text, meter)(0) !== undefined;
  }

  /** The leftmost match with its groups, or undefined. */
  findGroups(text: string, meter = unmetered): GroupTexts | undefined {
    const offsets = this.#searcher(text, meter)(0);
    return offsets === undefined ? undefined : groupTexts(text, offsets);
  }

  /** The leftmost match, "" if there is none (Go's FindString). */
  find(text: string, meter = unmetered): string {
    return this.findGroups(text, meter)?.[0] ?? "";
  }

  /** At most `limit` successive matches, all if negative; no empty match beside the one before (Go's FindAll). */
  findAll(text: string, limit: number, meter = unmetered): MatchOffsets[] {
    const search = this.#searcher(text, meter);
    const found: MatchOffsets[] = [];
    const most = limit < 0 ? text.length + 1 : limit;
    let previousEnd = -1;
    for (let at = 0; found.length < most && at <= text.length; ) {
      const offsets = search(at);
      if (offsets === undefined) break;
      const [start = 0, end = 0] = offsets;
      if (end !== at) at = end;
      else at += decodeRune(text, at).size || 1;
      if (!(start === end && start === previousEnd)) found.push(offsets);
      previousEnd = end;
    }
    return found;
  }

  /** Every match replaced by `template`, in which `$1`, `${1}`, `$name` and `$$` are expanded (Go's ReplaceAllString). */
  replaceAll(text: string, template: string, meter = unmetered): string {
    return this.#replace(text, meter, (offsets) => this.#expand(template, groupTexts(text, offsets), meter));
  }

  /** Every match replaced by the text as it stands (Go's ReplaceAllLiteralString). */
  replaceAllLiteral(text: string, replacement: string, meter = unmetered): string {
    return this.#replace(text, meter, () => replacement);
  }

  /** What stands between the matches, in at most `limit` pieces, all if negative (Go's Split); none for 0. */
  split(text: string, limit: number, meter = unmetered): string[] {
    if (limit === 0) return [];
    if (!this.#isEmptyPattern && text === "") return [""];
    const pieces: string[] = [];
    let begin = 0;
    let end = 0;
    for (const [start = 0, stop = 0] of this.findAll(text, limit, meter)) {
      if (limit > 0 && pieces.length >= limit - 1) break;
      end = start;
      if (stop !== 0) pieces.push(text.slice(begin, end));
      begin = stop;
    }
    if (end !== text.length) pieces.push(text.slice(begin));
    return pieces;
  }

  #replace(text: string, meter: Meter, replacementFor: (offsets: MatchOffsets) => string): string {
    const search = this.#searcher(text, meter);
    let replaced = "";
    let lastEnd = 0;
    for (let at = 0; at <= text.length; ) {
      const offsets = search(at);
      if (offsets === undefined) break;
      const [start = 0, end = 0] = offsets;
      replaced += text.slice(lastEnd, start);
      // An empty match right after a match is passed over.
      if (end > lastEnd || start === 0) replaced += replacementFor(offsets);
      meter.size(replaced.length);
      lastEnd = end;
      const next = at + decodeRune(text, at).size;
      if (next > end) at = next;
      else at = Math.max(at + 1, end);
    }
    return replaced + text.slice(lastEnd);
  }

  #searcher(text: string, meter: Meter): (at: number) => MatchOffsets | undefined {
    const matcher = this.#engine.matcher(stringToBytes(text));
    const groups = this.#engine.groupCount();
    const instructions = this.#engine.programSize();
    return (at) => {
      meter.work(instructions * (text.length - at));
      if (!matcher.find(at)) return undefined;
      const offsets: number[] = [];
      for (let group = 0; group <= groups; group++) offsets.push(matcher.start(group), matcher.end(group));
      return offsets;
    };
  }

  #expand(template: string, groups: GroupTexts, meter: Meter): string {
    let expanded = "";
    let rest = template;
    for (let dollar = rest.indexOf("$"); dollar >= 0; dollar = rest.indexOf("$")) {
      expanded += rest.slice(0, dollar);
      rest = rest.slice(dollar + 1);
      const reference = readReference(rest);
      if (reference === undefined) {
        expanded += "$";
        if (rest.startsWith("$")) rest = rest.slice(1);
        continue;
      }
      rest = rest.slice(reference.size);
      expanded += this.#groupText(reference.name, groups);
      meter.size(expanded.length);
    }
    return expanded + rest;
  }

  #groupText(name: string, groups: GroupTexts): string {
    // Go reads up to nine digits without a leading zero as a number, anything else as a name.
    if (/^(0|[1-9][0-9]{0,8})$/.test(name)) return groups[Number(name)] ?? "";
    // Of several groups of one name the first that took part counts.
    const number = this.#names.findIndex((known, at) => known === name && groups[at] !== undefined);
    return groups[number] ?? "";
  }
}

/**
 * The compiled form of a pattern; the last ones are kept.
 *
 * @throws GoError `error parsing regexp: REASON: ` with the part of the pattern in back quotes
 */
export function compileRegexp(pattern: string): GoRegexp {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const regexp = new GoRegexp(pattern);
  if (compiled.size >= keptPatterns) compiled.clear();
  compiled.set(pattern, regexp);
  return regexp;
}

/** The pattern that matches the text itself (Go's QuoteMeta). */
export function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}

/** The texts of a match and of its groups. */
export function groupTexts(text: string, offsets: MatchOffsets): GroupTexts {
  const texts: (string | undefined)[] = [];
  for (let at = 0; at < offsets.length; at += 2) {
    const start = offsets[at] ?? -1;
    texts.push(start < 0 ? undefined : text.slice(start, offsets[at + 1]));
  }
  return texts;
}

function readReference(rest: string): { name: string; size: number } | undefined {
  const brace = rest.startsWith("{") ? 1 : 0;
  let end = brace;
  while (end < rest.length) {
    const { rune, size } = decodeRune(rest, end);
    if (!isLetter(rune) && !isDigit(rune) && rune !== 0x5f) break;
    end += size;
  }
  if (end === brace || (brace === 1 && rest[end] !== "}")) return undefined;
  return { name: rest.slice(brace, end), size: end + brace };
}
