/** What is put away comes out again, byte for byte and in order. */
import { describe, expect, test } from "bun:test";
import { PackedLog } from "../../src/collections/packed-log.ts";
import { seededBytes } from "../support/seeded-bytes.ts";

describe("PackedLog", () => {
  test("gives back records of every size in order, twice over", () => {
    const records = [
      0, 1, 100, 262_140, 262_141, 0, 3_000_000, 5, 262_144, 70_000, 70_000, 70_000, 70_000,
    ].map((size, at) => seededBytes(`record/${at}`, size));
    const log = new PackedLog();
    for (const record of records) log.append(record);
    for (let round = 0; round < 2; round++) {
      expect([...log.records()].map((record) => Buffer.from(record).toString("hex"))).toEqual(
        records.map((record) => Buffer.from(record).toString("hex")),
      );
    }
  });

  test("keeps its own copy of a record", () => {
    const log = new PackedLog();
    const record = new Uint8Array([1, 2, 3]);
    log.append(record);
    record.fill(0);
    expect([...log.records()].map((bytes) => [...bytes])).toEqual([[1, 2, 3]]);
  });
});
