/** The checksums and encodings of bytes. */
import { expect, test } from "bun:test";
import { parseTemplate } from "../../../src/template/template.ts";
import { nil } from "../../../src/template/values/make.ts";

function run(source: string): string {
  return parseTemplate("t", source).execute(nil);
}

test("checksums are of the bytes, whether they are UTF-8 or not", () => {
  expect(run('{{sha1sum ""}}')).toBe("da39a3ee5e6b4b0d3255bfef95601890afd80709");
  expect(run('{{sha256sum "\\xff"}}')).toBe(
    "a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89",
  );
  expect(run('{{sha512sum "é" | trunc 8}} {{adler32sum "é"}} {{adler32sum ""}}')).toBe("9e2ad286 36766061 1");
});

test("what cannot be decoded is answered with the reason", () => {
  expect(run('{{b64dec "Zm9"}}|{{b32dec "1"}}')).toBe(
    "illegal base64 data at input byte 0|illegal base32 data at input byte 0",
  );
  expect(run('{{b64enc "é" | b64dec}} {{b32enc "é" | b32dec}}')).toBe("é é");
});
