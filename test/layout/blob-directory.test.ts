import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { BlobDirectory } from "../../src/layout/blob-directory.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { tempDir } from "../support/temp-dir.ts";

test("BlobDirectory takes files in, shares them with others, and knows how many share", async () => {
  await using dir = await tempDir();
  const policy = { ingestDirectory: dir.path, durable: true };
  const [one, two] = [new BlobDirectory(dir.file("one"), policy), new BlobDirectory(dir.file("two"), policy)];
  const digest = digestOf(Buffer.from("blob"));
  expect([one.sizeOf(digest), one.sharersOf(digest), one.remove(digest)]).toEqual([undefined, 0, false]);
  writeFileSync(dir.file("new"), "blob");
  one.take(dir.file("new"), digest);
  await one.settle(digest);
  two.link(one.pathOf(digest), digest);
  two.link(one.pathOf(digest), digest); // a second time changes nothing
  expect([one.sizeOf(digest), one.sharersOf(digest), two.sharersOf(digest)]).toEqual([4, 2, 2]);
  expect(one.remove(digest)).toBe(true);
  expect([one.sizeOf(digest), two.sharersOf(digest)]).toEqual([undefined, 1]);
  expect(readFileSync(two.pathOf(digest), "utf8")).toBe("blob");
  expect(() => two.link(dir.file("nowhere"), digestOf(Buffer.from("other")))).toThrow("ENOENT");
});
