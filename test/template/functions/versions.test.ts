/** The type that `semver` returns: its methods take part in templates as Go's do. */
import { expect, test } from "bun:test";
import { parseTemplate } from "../../../src/template/template.ts";
import { nil } from "../../../src/template/values/make.ts";

function run(source: string): string {
  return parseTemplate("t", source).execute(nil);
}

test("a version is a pointer with methods, and prints as a version", () => {
  const version = '{{$v := semver "v1.2.3-rc.1+b"}}';
  expect(
    run(`${version}{{typeOf $v}} {{kindOf $v}} {{$v}} {{printf "%q %v" $v (list $v)}} {{toJson $v}}`),
  ).toBe('*semver.Version ptr 1.2.3-rc.1+b "1.2.3-rc.1+b" [1.2.3-rc.1+b] "1.2.3-rc.1+b"');
  expect(
    run(`${version}{{$v.Major}} {{typeOf $v.Minor}} {{$v.Prerelease}} {{$v.Metadata}} {{$v.Original}}`),
  ).toBe("1 uint64 rc.1 b v1.2.3-rc.1+b");
  expect(run(`${version}{{$v.IncMinor}} {{typeOf $v.IncMinor}} {{$v.SetPrerelease "x"}}`)).toBe(
    "1.3.0 semver.Version 1.2.3-x+b",
  );
});

test("versions compare with each other, and not with text", () => {
  const two = '{{$a := semver "1.2"}}{{$b := semver "1.3"}}';
  expect(run(`${two}{{$a.LessThan $b}} {{$a.GreaterThan $b}} {{$a.Equal $a}} {{$b | $a.Compare}}`)).toBe(
    "true false true -1",
  );
  expect(() => run(`${two}{{$a.Compare "1.3"}}`)).toThrow(
    'can\'t handle "1.3" for arg of type *semver.Version',
  );
  expect(() => run(`${two}{{$a.Compare nil}}`)).toThrow("nil pointer dereference");
  expect(run(`${two}{{$a.Equal nil}}`)).toBe("false");
});

test("a method that only the pointer has is not on the version that IncMajor returns", () => {
  expect(() => run('{{((semver "1").IncMajor).Original}}')).toThrow(
    "can't evaluate field Original in type semver.Version",
  );
});

test("a constraint is held to the length of a regular expression", () => {
  expect(() => run('{{semverCompare (repeat 20000 "1") "1"}}')).toThrow("in a regular expression");
});
