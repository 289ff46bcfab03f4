/** `rewritePull`: regular expressions and replacements exactly as Go's `Regexp.ReplaceAllString` has them. */
import { type Matcher, RE2JS } from "re2js";
import type { RewriteRule } from "./config.ts";

/** A list of rules, compiled. */
export type Rewriter = (text: string) => string;

/**
 * Compiles rules; the first whose pattern matches anywhere in the text replaces every match in it, the others are not tried.
 * The patterns were checked when the configuration was read.
 */
export function compileRewrite(rules: readonly RewriteRule[]): Rewriter {
  const compiled = rules.map(({ pattern, replacement }) => ({ regexp: RE2JS.compile(pattern), replacement }));
  return (text) => {
    const rule = compiled.find(({ regexp }) => regexp.matcher(text).find());
    return rule === undefined ? text : replaceAll(rule.regexp, text, rule.replacement);
  };
}

/** Go regexp.go `replaceAll`: an empty match right behind another match does not count. */
function replaceAll(regexp: RE2JS, text: string, replacement: string): string {
  const matcher = regexp.matcher(text);
  let result = "";
  let lastEnd = 0;
  let position = 0;
  while (position <= text.length && matcher.find(position)) {
    const start = matcher.start();
    const end = matcher.end();
    result += text.slice(lastEnd, start);
    if (end > lastEnd || start === 0) result += expand(replacement, matcher);
    lastEnd = end;
    position = end > position ? end : position + 1;
  }
  return result + text.slice(lastEnd);
}

/**
 * Go regexp.go `expand`: `$name` takes the longest run of letters, digits and underscores, so that `$1x` is the group named
 * "1x" and empty when there is none; a `$` that starts nothing stays.
 */
function expand(replacement: string, matcher: Matcher): string {
  return replacement.replace(
    /\$(?:(\$)|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu,
    (_all, dollar, plain, braced) => {
      if (dollar !== undefined) return "$";
      return groupOf(matcher, String(plain ?? braced));
    },
  );
}

function groupOf(matcher: Matcher, name: string): string {
  if (/^\d+$/.test(name)) {
    const index = Number(name);
    return index <= matcher.groupCount() ? (matcher.group(index) ?? "") : "";
  }
  const groups = matcher.pattern().namedGroups();
  return Object.hasOwn(groups, name) ? (matcher.group(name) ?? "") : "";
}
