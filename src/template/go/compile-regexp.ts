/** Compiles a pattern for the RE2 engine, and puts right the two things in which the engine differs from Go. */

import { RE2JS, RE2JSException, RE2JSSyntaxException } from "re2js";
import { GoError } from "./go-error.ts";
import { decodeRune, decodeText, encodeText, isValidUtf8, runeError } from "./utf8.ts";

/** What makes equal names of groups unequal for the engine. */
const ownSuffix = /__same[0-9]+(?=>|$)/g;

/** An engine with the names of its groups by number; "" for the groups without. */
export interface CompiledPattern {
  engine: RE2JS;
  names: readonly string[];
}

/**
 * Compiles Go's syntax (RE2). A name may stand for several groups, which the engine refuses.
 *
 * @throws GoError `error parsing regexp: REASON` with the part of the pattern in back quotes, as Go says it
 */
export function compilePattern(pattern: string): CompiledPattern {
  if (!isValidUtf8(pattern)) throw refused("invalid UTF-8", pattern.slice(firstInvalid(pattern)));
  const text = decodeText(pattern);
  try {
    return withNames(RE2JS.compile(text), (name) => name);
  } catch (error) {
    if (!isDuplicateName(error)) throw toGoError(error, pattern);
  }
  try {
    return withNames(RE2JS.compile(numberNames(text)), (name) => name.replace(ownSuffix, ""));
  } catch (error) {
    const told = toGoError(error, pattern);
    throw told instanceof GoError ? new GoError(told.message.replace(ownSuffix, "")) : told;
  }
}

function withNames(engine: RE2JS, original: (name: string) => string): CompiledPattern {
  const names = new Array<string>(engine.groupCount() + 1).fill("");
  for (const [name, group] of Object.entries(engine.namedGroups())) names[group] = encodeText(original(name));
  return { engine, names };
}

function isDuplicateName(error: unknown): boolean {
  return error instanceof RE2JSSyntaxException && error.getDescription() === "duplicate capture group name";
}

/** Gives every named group a name of its own; what is escaped or inside brackets is no group. */
function numberNames(pattern: string): string {
  let groups = 0;
  return pattern.replace(
    /\\Q.*?(?:\\E|$)|\\.|\[\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|(\(\?P?<\w+)>/gsu,
    (token, group: string | undefined) => (group === undefined ? token : `${group}__same${++groups}>`),
  );
}

function toGoError(error: unknown, pattern: string): unknown {
  if (!(error instanceof RE2JSException)) return error;
  if (!(error instanceof RE2JSSyntaxException)) return refused(error.message, pattern);
  const reason = error.getDescription();
  const part = error.getPattern();
  if (part !== null) return refused(reason, encodeText(part));
  return refused(reason, reason.startsWith("trailing backslash") ? "" : pattern);
}

function refused(reason: string, part: string): GoError {
  return new GoError(`error parsing regexp: ${reason}: \`${part}\``);
}

function firstInvalid(bytes: string): number {
  let at = 0;
  while (at < bytes.length) {
    const { rune, size } = decodeRune(bytes, at);
    if (rune === runeError && size === 1) break;
    at += size;
  }
  return at;
}
