import { expect, test } from "bun:test";
import { DigestTable } from "../../src/collections/digest-table.ts";
import { digestOf } from "../../src/oci/digest.ts";

test("DigestTable numbers digests of all algorithms as they come, and gives them back", () => {
  const table = new DigestTable();
  const digests = Array.from({ length: 5000 }, (_, at) =>
    digestOf(Buffer.from(`${at}`), at % 100 === 7 ? "sha512" : "sha256"),
  );
  expect(table.numberOf(digests[0]!)).toBeUndefined();
  expect(digests.map((digest) => table.add(digest))).toEqual(digests.map((_, at) => at));
  expect(table.size).toBe(5000);
  expect(digests.map((digest) => table.numberOf(digest))).toEqual(digests.map((_, at) => at));
  expect(digests.map((_, at) => table.digestAt(at))).toEqual(digests);
  expect(table.numberOf(digestOf(Buffer.from("another")))).toBeUndefined();
});

test("DigestTable gives a digest that comes again the number it has", () => {
  const table = new DigestTable();
  const [a, b] = [digestOf(Buffer.from("a")), digestOf(Buffer.from("b"), "sha384")];
  expect([table.add(a), table.add(b), table.add(a), table.add(b)]).toEqual([0, 1, 0, 1]);
  expect(table.size).toBe(2);
});

test("DigestTable tells digests apart that begin alike", () => {
  const table = new DigestTable();
  const digests = ["0", "1", "2"].map((last) => `sha256:${"ab".repeat(31)}a${last}` as const);
  for (const digest of digests) table.add(digest);
  expect(digests.map((digest) => table.numberOf(digest))).toEqual([0, 1, 2]);
});
