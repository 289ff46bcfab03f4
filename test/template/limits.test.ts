/** No template runs for ever or eats the memory: each of these ends quickly, with an error that says which limit. */
import { expect, test } from "bun:test";
import { AceError } from "../../src/errors.ts";
import { parseTemplate } from "../../src/template/template.ts";
import { TemplateError } from "../../src/template/template-error.ts";
import { nil } from "../../src/template/values/make.ts";

function failure(source: string): string {
  try {
    parseTemplate("t", source).execute(nil);
  } catch (error) {
    if (error instanceof AceError || error instanceof TemplateError) return error.message;
    throw error;
  }
  return "nothing";
}

const doubling = (start: string, step: string, turns: number) =>
  `{{ $x := ${start} }}{{ range ${turns} }}{{ $x = ${step} }}{{ end }}`;

test.each([
  ["a long text", '{{ repeat 1000000000 "x" }}'],
  ["a long text of nothing much", '{{ repeat 9223372036854775807 "xy" }}'],
  ["a long list", "{{ until 100000000 }}"],
  ["a long list by steps", "{{ untilStep 0 1000000000 1 }}"],
  ["a long row of numbers", "{{ seq 1000000000 }}"],
  ["many widths", '{{ range 1000 }}{{ $x := printf "%999999d" 1 }}{{ end }}'],
  ["an indent", '{{ indent 999999999 "x" }}'],
  ["an indent of many lines", '{{ indent 1000000 (repeat 10000 "\\n") }}'],
  ["a wrap", '{{ wrapWith 1 (repeat 10000 "x") (repeat 100000 "x") }}'],
  ["a replacement that grows", '{{ replace "" (repeat 100000 "x") (repeat 100000 "x") }}'],
  ["a regexp replacement that grows", '{{ regexReplaceAll "" (repeat 100000 "x") (repeat 100000 "y") }}'],
  ["a join that grows", '{{ join (repeat 100000 "x") (until 10000) }}'],
  ["texts that double", doubling('"x"', "print $x $x", 100)],
  ["texts that double by printf", doubling('"x"', 'printf "%s%s" $x $x', 100)],
  ["lists that double", doubling("list 1", "concat $x $x", 100)],
  ["lists that hold themselves twice", `${doubling("list 1", "list $x $x", 60)}{{ print $x }}`],
  [
    "maps that hold themselves twice as JSON",
    `${doubling('dict "a" 1', 'dict "a" $x "b" $x', 60)}{{ toJson $x }}`,
  ],
  [
    "copies of lists that hold themselves twice",
    `${doubling("list 1", "list $x $x", 60)}{{ deepCopy $x | len }}`,
  ],
  [
    "comparing lists that hold themselves twice",
    `${doubling("list 1", "list $x $x", 60)}{{ $y := deepCopy (list 1) }}{{ deepEqual $x (list $x) }}{{ deepEqual (list $x 1) (list $x 2) }}{{ toJson $x }}`,
  ],
  ["a map that holds itself", '{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ print $d }}'],
  ["a map that holds itself as JSON", '{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ mustToJson $d }}'],
  ["a copy of a map that holds itself", '{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ deepCopy $d }}'],
  ["a list in lists", `${doubling("list 1", "list $x", 100000)}{{ print $x }}`],
  ["a loop over a large number", "{{ range 9000000000000000000 }}{{ end }}"],
  ["loops in loops", "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}"],
  ["a template that calls itself", '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}'],
  [
    "a template that calls itself twice",
    '{{ define "a" }}{{ template "a" }}{{ template "a" }}{{ end }}{{ template "a" }}',
  ],
  [
    "templates that call each other in ever more turns",
    `${Array.from({ length: 30 }, (_, at) => `{{ define "t${at}" }}{{ range 10 }}{{ template "t${at + 1}" }}{{ end }}{{ end }}`).join("")}{{ define "t30" }}x{{ end }}{{ template "t0" }}`,
  ],
  ["output without end", '{{ $x := repeat 1000000 "x" }}{{ range 1000000 }}{{ $x }}{{ end }}'],
  ["deep parentheses", `{{ ${"(".repeat(100_000)}1${")".repeat(100_000)} }}`],
  ["deep blocks", "{{ if 1 }}".repeat(100_000)],
  ["deep JSON", `{{ mustFromJson (print (repeat 1000000 "[") (repeat 1000000 "]")) }}`],
  ["a long regular expression", '{{ regexMatch (repeat 1000000 "a?") "x" }}'],
  [
    "a regular expression of many copies",
    '{{ regexFind "((((((a{0,99}){0,99}){0,99}){0,99}){0,99}){0,99})" "x" }}',
  ],
])("%s", (_what, source) => {
  const started = performance.now();
  const message = failure(source);
  expect(performance.now() - started).toBeLessThan(5000);
  expect(message).not.toBe("nothing");
});

test.each(["%999999999d", "%*[1]d", "%.999999999f"])(
  "the width of %s is Go's bad width, not a long text",
  (format) => {
    const written = parseTemplate("t", `{{ printf "${format}" 999999999 }}`).execute(nil);
    expect(written).toStartWith("%!");
    expect(written.length).toBeLessThan(100);
  },
);

test("regular expressions do not backtrack", () => {
  const started = performance.now();
  const source = '{{ regexMatch "^(a+)+$" (print (repeat 5000 "a") "b") }}';
  expect(parseTemplate("t", source).execute(nil)).toBe("false");
  expect(performance.now() - started).toBeLessThan(2000);
});

test("a depth of 500 templates that call each other is fine", () => {
  const source =
    '{{ define "a" }}{{ if gt . 0 }}{{ template "a" (int (sub . 1)) }}{{ else }}end{{ end }}{{ end }}{{ template "a" 500 }}';
  expect(parseTemplate("t", source).execute(nil)).toBe("end");
});
