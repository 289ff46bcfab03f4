/** The functions that write and read JSON: what the table of vectors leaves out, and their limits. */
import { expect, test } from "bun:test";
import { parseTemplate } from "../../../src/template/template.ts";
import { nil } from "../../../src/template/values/make.ts";

function run(source: string): string {
  return parseTemplate("t", source).execute(nil);
}

test("a value that has no JSON is an error, or nothing for toJson", () => {
  expect(run('{{toJson (float64 "inf")}}|{{toPrettyJson 1i}}')).toBe("|");
  expect(() => run('{{mustToJson (float64 "NaN")}}')).toThrow("json: unsupported value: NaN");
  expect(() => run("{{toRawJson 1i}}")).toThrow("json: unsupported type: complex128");
});

test("a map within itself is an error that names a member of the cycle", () => {
  const cycle = '{{$d := dict}}{{$_ := set $d "a" (list $d)}}';
  expect(() => run(`${cycle}{{mustToJson $d}}`)).toThrow("encountered a cycle via map[string]interface {}");
  expect(() => run(`${cycle}{{toRawJson $d}}`)).toThrow("encountered a cycle via []interface {}");
  expect(run("{{$l := list 1}}{{toJson (list $l $l)}}")).toBe("[[1],[1]]");
});

test("JSON that would be too long or too deep is refused while it is written or read", () => {
  const doubled = "{{$l := list 1}}{{range until 40}}{{$l = list $l $l}}{{end}}";
  expect(() => run(`${doubled}{{toJson $l}}`)).toThrow(/more than \d+ (steps|bytes)/);
  const deep = '{{$d := dict}}{{range until 2000}}{{$d = dict "a" $d}}{{end}}';
  expect(() => run(`${deep}{{mustToJson $d}}`)).toThrow("within each other");
  expect(() => run('{{mustFromJson (repeat 100000 "[")}}')).toThrow("exceeded max depth");
  expect(run('{{fromJson (repeat 100000 "[")}}')).toBe("<no value>");
});
