/** The archives that the original tool wrote, and a slow but plain way to list a tar, for the tests of this room. */
import { readFileSync } from "node:fs";
import { type TarFound, TarScanner, type TarStep } from "../../src/format/tar-reader.ts";

/** Bytes of a file under test/data. */
export function testData(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../data/${path}`, import.meta.url)));
}

/** Drives a scanner over bytes in memory, as the positional reader does. */
export function scan(
  bytes: Uint8Array,
  options: { archive?: string } = {},
): { entries: TarFound[]; end: TarStep } {
  const scanner = new TarScanner({
    archive: options.archive ?? "test.tar",
  });
  const entries: TarFound[] = [];
  for (;;) {
    const { offset, lengthBytes } = scanner.want;
    const step =
      offset + lengthBytes > bytes.length
        ? scanner.endOfInput(bytes.length)
        : scanner.push(bytes.subarray(offset, offset + lengthBytes));
    if (step.kind === "entry") entries.push(step);
    if (step.kind === "end") return { entries, end: step };
  }
}

/** The body of an entry. */
export function bodyOf(bytes: Uint8Array, entry: TarFound): Uint8Array {
  return bytes.subarray(entry.bodyOffset, entry.bodyOffset + entry.sizeBytes);
}

/** The text of the n-th entry of that name. */
export function textOf(bytes: Uint8Array, name: string, nth = 0): string {
  const found = scan(bytes).entries.filter((entry) => entry.name === name)[nth];
  return new TextDecoder().decode(bodyOf(bytes, found!));
}
