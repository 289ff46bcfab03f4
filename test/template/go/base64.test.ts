/** Base64 and base32, against results of Go 1.24. */
import { expect, test } from "bun:test";
import { decodeBase32, encodeBase32 } from "../../../src/template/go/base32.ts";
import { decodeBase64, encodeBase64 } from "../../../src/template/go/base64.ts";

test("any bytes survive base64 and base32", () => {
  let bytes = "";
  for (let byte = 0; byte < 256; byte++) {
    expect(decodeBase64(encodeBase64(bytes))).toBe(bytes);
    expect(decodeBase32(encodeBase32(bytes))).toBe(bytes);
    bytes += String.fromCharCode(255 - byte);
  }
  expect(encodeBase32("foob")).toBe("MZXW6YQ=");
});

test("line ends are passed over, anything else is named by its place", () => {
  expect(decodeBase64("Zm\r\n9v\n")).toBe("foo");
  expect(decodeBase32("MZX\nW6===")).toBe("foo");
  const bad64: [text: string, at: number][] = [
    ["!", 0],
    ["Zm9", 0],
    ["Zm=v", 2],
    ["Zm9vY", 4],
    ["Zg==x", 4],
    ["Zg=", 3],
    ["=", 0],
  ];
  for (const [text, at] of bad64) {
    expect(() => decodeBase64(text)).toThrow(new Error(`illegal base64 data at input byte ${at}`));
  }
  const bad32: [text: string, at: number][] = [
    ["1", 0],
    ["MZXW6", 0],
    ["MZXW6=x=", 5],
    ["MZX=====", 3],
    ["MZ==", 4],
  ];
  for (const [text, at] of bad32) {
    expect(() => decodeBase32(text)).toThrow(new Error(`illegal base32 data at input byte ${at}`));
  }
});
