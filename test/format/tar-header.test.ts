import { describe, expect, test } from "bun:test";
import {
  headerBytes,
  paddingBytes,
  type TarEntry,
  tarHeader,
  tarTrailer,
} from "../../src/format/tar-header.ts";
import { TarScanner, type TarStep } from "../../src/format/tar-reader.ts";
import { bodyOf, scan, testData } from "./original.ts";

const hex = "0123456789abcdef".repeat(8);
const GiB = 1024 ** 3;

// Written by Go's archive/tar: see test/data/go-tar-headers/make-headers.go.txt.
const golden: [file: string, entry: TarEntry][] = [
  ["sha512", { name: `blobs/sha512/${hex}`, sizeBytes: 5, kind: "file" }],
  ["sha384", { name: `blobs/sha384/${hex.slice(0, 96)}`, sizeBytes: 5, kind: "file" }],
  ["sha384-8gib", { name: `blobs/sha384/${hex.slice(0, 96)}`, sizeBytes: 8 * GiB, kind: "file" }],
  ["8gib-minus-1", { name: `blobs/sha256/${hex.slice(0, 64)}`, sizeBytes: 8 * GiB - 1, kind: "file" }],
  ["8gib", { name: `blobs/sha256/${hex.slice(0, 64)}`, sizeBytes: 8 * GiB, kind: "file" }],
  ["10tib", { name: `blobs/sha256/${hex.slice(0, 64)}`, sizeBytes: 10 * 1024 * GiB, kind: "file" }],
  ["sha512-8gib", { name: `blobs/sha512/${hex}`, sizeBytes: 8 * GiB, kind: "file" }],
  ["sha512-dir", { name: "blobs/sha512", sizeBytes: 0, kind: "directory" }],
  ["split", { name: `a/${"b".repeat(60)}/${"c".repeat(80)}`, sizeBytes: 7, kind: "file" }],
  ["utf8", { name: "blobs/größe", sizeBytes: 3, kind: "file" }],
  ["name100", { name: "n".repeat(100), sizeBytes: 1, kind: "file" }],
  ["name101", { name: "n".repeat(101), sizeBytes: 1, kind: "file" }],
  ["cut-at-slash", { name: `${"n".repeat(99)}/${"m".repeat(101)}`, sizeBytes: 1, kind: "file" }],
];

describe("tarHeader()", () => {
  test.each(golden)("writes %s as Go does, byte for byte", (file, entry) => {
    const header = tarHeader(entry);
    expect(header).toEqual(testData(`go-tar-headers/${file}.bin`));
    expect(headerBytes(entry)).toBe(header.length);
  });

  test.each(golden)("of %s is read back by our scanner", (_file, entry) => {
    const scanner = new TarScanner({ archive: "test.tar" });
    const header = tarHeader(entry);
    let found: TarStep = { kind: "extension" };
    while (found.kind === "extension") {
      const { offset, lengthBytes } = scanner.want;
      found = scanner.push(header.subarray(offset, offset + lengthBytes));
    }
    expect(scanner.want.offset).toBe(header.length + entry.sizeBytes + paddingBytes(entry.sizeBytes));
    expect(found).toMatchObject({ name: entry.name, sizeBytes: entry.sizeBytes, type: entry.kind });
  });

  test.each(["serialize.tar", "serialize-manifest-json.tar", "delta.tar", "part2.tar"])(
    "and paddings and trailer rebuild the original's %s",
    (file) => {
      const original = testData(`original/${file}`);
      const parts = scan(original).entries.flatMap((entry) => [
        tarHeader({
          name: entry.name,
          sizeBytes: entry.sizeBytes,
          kind: entry.type === "directory" ? "directory" : "file",
        }),
        bodyOf(original, entry),
        new Uint8Array(paddingBytes(entry.sizeBytes)),
      ]);
      expect(Buffer.concat([...parts, tarTrailer()]).equals(original)).toBe(true);
    },
  );

  test.each([
    ["", 1, "no name"],
    ["a\0b", 1, "a NUL in the name"],
    ["a", -1, "a negative size"],
    ["a", 1.5, "half a byte"],
    ["a", 2 ** 53, "more bytes than a number can count"],
  ])("refuses %j with size %p: %s", (name, sizeBytes) => {
    expect(() => tarHeader({ name, sizeBytes, kind: "file" })).toThrow("Cannot write a tar header");
  });
});

test.each([
  [0, 0],
  [1, 511],
  [511, 1],
  [512, 0],
  [513, 511],
  [10 * 1024 * GiB + 1, 511],
])("paddingBytes(%p) is %p", (size, padding) => {
  expect(paddingBytes(size)).toBe(padding);
});
