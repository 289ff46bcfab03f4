/** Values printed as package fmt does it: methods, structs, pointers, values that hold themselves. */
import { expect, test } from "bun:test";
import { Budget } from "../../../src/template/budget.ts";
import { GoPanic } from "../../../src/template/go/go-error.ts";
import { formatValue } from "../../../src/template/print/printer.ts";
import { sprint, sprintln } from "../../../src/template/print/sprint.ts";
import { sprintf } from "../../../src/template/print/sprintf.ts";
import { method } from "../../../src/template/values/define.ts";
import {
  dict,
  int,
  list,
  nil,
  nilMap,
  nilSlice,
  pointer,
  str,
  strings,
  struct,
} from "../../../src/template/values/make.ts";
import type { Value } from "../../../src/template/values/model.ts";
import {
  anyType,
  definedType,
  intType,
  pointerTo,
  stringType,
  structType,
} from "../../../src/template/values/types.ts";

const named = definedType(
  "shop.Name",
  "string",
  new Map([["String", method("func() string", (self) => `<${self.kind === "string" ? self.value : ""}>`)]]),
);
const point = structType("shop.Point", [
  { name: "X", type: intType },
  { name: "Name", type: named },
  { name: "Any", type: anyType },
]);
const here = struct(point, { X: int(1), Name: str("n", named), Any: nil });

function printf(format: string, ...values: Value[]): string {
  return sprintf(new Budget(), format, values);
}

test("a value's String method speaks for it where texts are asked for, and only there", () => {
  expect(printf("%v %s %q %x", ...Array(4).fill(str("a", named)))).toBe('<a> <a> "<a>" 3c613e');
  expect(printf("%d %#v %T", ...Array(3).fill(str("a", named)))).toBe('%!d(shop.Name=a) "a" shop.Name');
  expect(printf("%v %+v", list([str("a", named)]), dict({ k: str("b", named) }))).toBe("[<a>] map[k:<b>]");
});

test("a String method that panics is told in the text", () => {
  const broken = definedType(
    "shop.Broken",
    "string",
    new Map([
      [
        "String",
        method("func() string", () => {
          throw new GoPanic("no name");
        }),
      ],
    ]),
  );
  expect(printf("%v", str("a", broken))).toBe("%!v(PANIC=String method: no name)");
  expect(printf("%s", pointer(pointerTo(broken), undefined))).toBe("<nil>");
});

test("structs, pointers to them and nils print as in Go", () => {
  expect(printf("%v|%+v", here, here)).toBe("{1 <n> <nil>}|{X:1 Name:<n> Any:<nil>}");
  expect(printf("%#v", here)).toBe('shop.Point{X:1, Name:"n", Any:interface {}(nil)}');
  expect(printf("%v", pointer(pointerTo(point), here))).toBe("&{1 <n> <nil>}");
  expect(printf("%v %d", pointer(pointerTo(point), undefined), nil)).toBe("<nil> %!d(<nil>)");
  expect(printf("%v %#v %v %#v", nilSlice(), nilSlice(), nilMap(), nilMap())).toBe(
    "[] []interface {}(nil) map[] map[string]interface {}(nil)",
  );
});

test("a pointer within a list prints an address that is the same each time", () => {
  const inner = list([pointer(pointerTo(point), here)]);
  expect(formatValue(new Budget(), inner)).toBe("[0xc000010000]");
});

test("sprint() puts spaces between neighbours that are no texts, sprintln() between all", () => {
  const values = [int(1), int(2), str("a"), int(3), strings(["b"])];
  expect(sprint(new Budget(), values)).toBe("1 2a3 [b]");
  expect(sprintln(new Budget(), values)).toBe("1 2 a 3 [b]\n");
});

test("maps print by their sorted keys, bytewise", () => {
  expect(
    formatValue(new Budget(), dict({ b: int(1), "\xc3\xa9": int(2), Z: int(3), a: int(4) }, stringType)),
  ).toBe("map[Z:3 a:4 b:1 \xc3\xa9:2]");
});

test("a map that holds itself, and lists that double, end with a clear error", () => {
  const map = dict();
  map.entries.set("self", map);
  expect(() => formatValue(new Budget(), map)).toThrow("more than 500 values within each other");
  let doubled: Value = list([int(1)]);
  for (let turn = 0; turn < 60; turn++) doubled = list([doubled, doubled]);
  expect(() => formatValue(new Budget(), doubled)).toThrow("more than");
});
