import { expect, test } from "bun:test";
import { PackedManifests } from "../../src/collections/packed-manifests.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { seededBytes } from "../support/seeded-bytes.ts";

test("PackedManifests gives back what was put on it, from packed chunks and the open one, in any order", () => {
  const images = new PackedManifests();
  const records = Array.from({ length: 300 }, (_, at) => seededBytes(`record ${at}`, (at * 37) % 4000));
  for (const record of records) images.put(digestOf(record), record);
  for (const record of records.toReversed()) {
    expect(Buffer.from(images.get(digestOf(record))!).equals(Buffer.from(record))).toBe(true);
  }
});

test("PackedManifests has nothing under a digest that was never put, and keeps the first bytes under one that was", () => {
  const images = new PackedManifests();
  const digest = digestOf(Buffer.from("a"));
  expect(images.get(digest)).toBeUndefined();
  images.put(digest, Buffer.from("first"));
  images.put(digest, Buffer.from("second"));
  expect(Buffer.from(images.get(digest)!).toString()).toBe("first");
});
