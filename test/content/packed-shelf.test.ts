import { expect, test } from "bun:test";
import { PackedShelf } from "../../src/content/packed-shelf.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { seededBytes } from "../support/seeded-bytes.ts";

test("PackedShelf gives back what was put on it, from packed chunks and the open one, in any order", () => {
  const shelf = new PackedShelf();
  const records = Array.from({ length: 300 }, (_, at) => seededBytes(`record ${at}`, (at * 37) % 4000));
  for (const record of records) shelf.put(digestOf(record), record);
  for (const record of records.toReversed()) {
    expect(Buffer.from(shelf.get(digestOf(record))!).equals(Buffer.from(record))).toBe(true);
  }
});

test("PackedShelf has nothing under a digest that was never put, and keeps the first bytes under one that was", () => {
  const shelf = new PackedShelf();
  const digest = digestOf(Buffer.from("a"));
  expect(shelf.get(digest)).toBeUndefined();
  shelf.put(digest, Buffer.from("first"));
  shelf.put(digest, Buffer.from("second"));
  expect(Buffer.from(shelf.get(digest)!).toString()).toBe("first");
});
