/** JSON, against results of Go 1.24. */
import { expect, test } from "bun:test";
import { jsonNumber, jsonString } from "../../../src/template/go/json-text.ts";
import { parseJson } from "../../../src/template/go/parse-json.ts";
import { encodeText } from "../../../src/template/go/utf8.ts";

test("parseJson() reads values; the last of two members of one name counts", () => {
  expect(parseJson(' {"a":[1,-0.5e1,"x",null,true],"a":{}} ', 5).value).toEqual(new Map([["a", new Map()]]));
  expect(parseJson('"\\u00e9\\ud83d\\ude00\\n\\/"', 5).value).toBe(encodeText("é\u{1f600}\n/"));
  expect(parseJson('"\\ud83dx\xff"', 5).value).toBe(encodeText("\ufffdx\ufffd"));
});

test("parseJson() reads a number beyond float64 as null and tells it", () => {
  const { value, fault } = parseJson("[1e999,2]", 5);
  expect(value).toEqual([null, 2]);
  expect(fault?.message).toBe("json: cannot unmarshal number 1e999 into Go value of type float64");
});

test("parseJson() complains in Go's words", () => {
  const bad: [text: string, message: string][] = [
    ["", "unexpected end of JSON input"],
    ["[1", "unexpected end of JSON input"],
    ['"a', "unexpected end of JSON input"],
    ["tru", "invalid character ' ' in literal true (expecting 'e')"],
    ["1.", "invalid character ' ' after decimal point in numeric literal"],
    ["nope", "invalid character 'o' in literal null (expecting 'u')"],
    ["{a", "invalid character 'a' looking for beginning of object key string"],
    ['{"a"1', "invalid character '1' after object key"],
    ["[1 2]", "invalid character '2' after array element"],
    ["01", "invalid character '1' after top-level value"],
    ["'", "invalid character '\\'' looking for beginning of value"],
    ['"\t"', "invalid character '\\t' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ["\xc3", "invalid character '\xc3\x83' looking for beginning of value"],
    ["[[[[[[1]]]]]]", "exceeded max depth"],
  ];
  for (const [text, message] of bad) expect(() => parseJson(text, 5)).toThrow(new Error(message));
});

test("strings and numbers are written as Go does it", () => {
  expect(jsonString(`<&>"\\\b\x01\x7f\xff${encodeText("é\u2028")}`, true)).toBe(
    `"\\u003c\\u0026\\u003e\\"\\\\\\b\\u0001\x7f\\ufffd${encodeText("é")}\\u2028"`,
  );
  expect(jsonString("<&>", false)).toBe('"<&>"');
  expect([1e20, 1e21, 1e-6, 1e-7, -0].map(jsonNumber)).toEqual([
    "100000000000000000000",
    "1e+21",
    "0.000001",
    "1e-7",
    "-0",
  ]);
});
