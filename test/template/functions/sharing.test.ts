/** Which functions change what they get, which share, and what is different each time. */
import { expect, test } from "bun:test";
import { parseTemplate } from "../../../src/template/template.ts";
import { nil } from "../../../src/template/values/make.ts";

function run(template: string): string {
  return parseTemplate("test.tmpl", template).execute(nil);
}

test("deepCopy of nil fails as Go's reflection does", () => {
  expect(() => run("{{deepCopy nil}}")).toThrow("reflect: call of reflect.Value.Type on zero Value");
});

test("set, unset and the merges change the map they get; deepCopy keeps it from them", () => {
  expect(run('{{$d := dict "a" 1}}{{$e := set $d "b" 2}}{{$d}} {{$f := unset $e "a"}}{{$d}}')).toBe(
    "map[a:1 b:2] map[b:2]",
  );
  expect(run('{{$d := dict "m" (dict "a" "")}}{{$_ := merge $d (dict "m" (dict "a" 1 "b" 2))}}{{$d}}')).toBe(
    "map[m:map[a:1 b:2]]",
  );
  expect(run('{{$d := dict "m" (dict)}}{{$c := deepCopy $d}}{{$_ := set $d.m "x" 1}}{{$d}} {{$c}}')).toBe(
    "map[m:map[x:1]] map[m:map[]]",
  );
});

test("sortAlpha sorts a list of texts where it stands, and a copy of any other list", () => {
  expect(run('{{$l := splitList "," "b,a"}}{{$_ := sortAlpha $l}}{{$l}}')).toBe("[a b]");
  expect(run('{{$l := list "b" "a"}}{{$_ := sortAlpha $l}}{{$l}}')).toBe("[b a]");
});

test("slice sees as far as the list behind a slice goes, and no farther", () => {
  expect(run("{{$l := list 1 2 3}}{{slice (slice $l 0 1) 0 3}}")).toBe("[1 2 3]");
  expect(() => run("{{slice (list 1 2 3) 0 4}}")).toThrow("reflect.Value.Slice: slice index out of bounds");
});

test("keys and values come in the order of the sorted keys", () => {
  expect(run('{{$d := dict "b" 1 "a" 2 "c" 3}}{{keys $d}} {{values $d}}')).toBe("[a b c] [2 1 3]");
});

test("shuffle keeps all characters, randInt stays within its bounds", () => {
  const shuffled = run('{{shuffle "añb日c"}}');
  expect([...shuffled].sort()).toEqual([..."añb日c"].sort());
  for (let turn = 0; turn < 50; turn++) expect(["3", "4", "5"]).toContain(run("{{randInt 3 6}}"));
  expect(() => run("{{randInt 3 3}}")).toThrow("error calling randInt: invalid argument to Intn");
});

test("a merge into a map of texts refuses what is no text", () => {
  expect(() => run('{{merge (dict "a" (split "," "x")) (dict "a" (dict "b" 1))}}')).toThrow(
    "reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string",
  );
});
