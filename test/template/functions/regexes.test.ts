/** The functions for regular expressions: what the table of vectors leaves out, and their limits. */
import { expect, test } from "bun:test";
import { parseTemplate } from "../../../src/template/template.ts";
import { nil } from "../../../src/template/values/make.ts";

function run(source: string): string {
  return parseTemplate("t", source).execute(nil);
}

test("what is not found is a nil list, as JSON shows", () => {
  expect(run('{{regexFindAll "z" "a" -1 | toJson}} {{regexSplit "z" "a" 0 | toJson}}')).toBe("null null");
  expect(run('{{regexFindAll "." "日\\xffa" -1 | toJson}}')).toBe('["日","\\ufffd","a"]');
});

test("a bad pattern is a panic that shows it, quoted where it has a back quote", () => {
  expect(() => run("{{regexFind `a(` `a`}}")).toThrow(
    "regexp: Compile(`a(`): error parsing regexp: missing closing ): `a(`",
  );
  expect(() => run('{{regexSplit "`(" "a" 1}}')).toThrow('regexp: Compile("`("): error parsing regexp: ');
  expect(run('{{regexMatch "(" "("}}')).toBe("false");
});

test("no pattern runs away, however it is made and whatever it is put to", () => {
  const hostile: [source: string, message: string][] = [
    ['{{regexReplaceAll "(x.*y)?" (repeat 200000 "x") "a"}}', "more than 2000000 steps"],
    ['{{regexFindAll "." (repeat 16000000 "x") -1}}', "more than"],
    ['{{regexMatch "(x?y?){500}z" (repeat 1000000 "x")}}', "times too much work"],
    ['{{regexReplaceAll ".*" (repeat 1000000 "x") (repeat 1000 "$0")}}', "bytes in one string"],
    ['{{regexReplaceAllLiteral "." (repeat 1000 "x") (repeat 100000 "y")}}', "bytes in one string"],
    ['{{regexMatch (repeat 20000 "a") "a"}}', "more than 10000 bytes in a regular expression"],
    ['{{mustRegexMatch "((a{100}){100}){100}" "a"}}', "invalid repeat count"],
  ];
  for (const [source, message] of hostile) {
    const started = performance.now();
    expect(() => run(source)).toThrow(message);
    expect(performance.now() - started).toBeLessThan(20_000);
  }
  expect(run('{{regexMatch "(x+x+)+y" (repeat 10000 "x")}}')).toBe("false");
}, 60_000);
