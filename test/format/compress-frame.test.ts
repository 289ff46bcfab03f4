import { describe, expect, test } from "bun:test";
import { gunzipSync, gzipSync, zstdDecompressSync } from "node:zlib";
import { compressFrame, frameBound } from "../../src/format/compress-frame.ts";
import { type Packing, packingLevels } from "../../src/format/packing-levels.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { blocksOfMember, blocksOfZstdFrame } from "./blocks.ts";

const random = seededBytes("compress-frame", 1024 * 1024);
const text = Buffer.from(
  "All happy families are alike; each unhappy family is unhappy in its own way.\n".repeat(14_000),
);
const half = Buffer.concat([random.subarray(0, 512 * 1024), text.subarray(0, 512 * 1024)]);
/** A stretch that is longer than what lies between two samples, anywhere in content that is packed already. */
const hidden = Buffer.concat([
  random.subarray(0, 300_000),
  text.subarray(0, 66_000),
  random.subarray(0, 300_000),
]);
const packings: Packing[] = ["gzip", "zstd"];

function unpack(packing: Packing, frame: Uint8Array): Buffer {
  return packing === "gzip" ? gunzipSync(frame) : zstdDecompressSync(frame);
}

function kindsOf(packing: Packing, frame: Uint8Array): string[] {
  return [...new Set(packing === "gzip" ? blocksOfMember(frame) : blocksOfZstdFrame(frame))];
}

describe.each(packings)("compressFrame() with %s", (packing) => {
  const { lowest, usual, highest } = packingLevels[packing];
  const levels = [lowest, usual, highest];

  test.each(levels)(
    "gives everything back at level %d, the same frame each time, within its bound",
    (level) => {
      for (const bytes of [new Uint8Array(0), text.subarray(0, 1), random, text, half, gzipSync(text)]) {
        const frame = compressFrame({ packing, level }, bytes);
        expect(frame.length).toBeLessThanOrEqual(frameBound(bytes.length));
        expect(unpack(packing, frame).equals(bytes)).toBe(true);
        expect(Buffer.compare(frame, compressFrame({ packing, level }, bytes))).toBe(0);
      }
    },
  );

  test.each(levels)("passes packed content through in blocks as it is, at level %d", (level) => {
    const frame = compressFrame({ packing, level }, random);
    expect(kindsOf(packing, frame)).toEqual([packing === "gzip" ? "stored" : "raw"]);
    expect(frame.length).toBeLessThan(random.length + random.length / 4096);
  });

  test.each(levels)("makes nothing larger than its blocks' heads, at level %d", (level) => {
    // The only sample that shrinks, in content that does not.
    const mostly = Buffer.concat([text.subarray(0, 4096), random]);
    for (const bytes of [mostly, random, random.subarray(0, 100_000)]) {
      const frame = compressFrame({ packing, level }, bytes);
      expect(frame.length).toBeLessThan(bytes.length + bytes.length / 4096 + 32);
    }
  });

  test("a higher level makes text smaller", () => {
    const words = "a be cede deed effect faded gaffe hedge ideal jaded knead lifted moved named often".split(
      " ",
    );
    const prose = Buffer.from(
      [...random.subarray(0, 60_000)].map((byte) => words[byte % words.length]).join(" "),
    );
    const [low, high] = [lowest, highest].map((level) => compressFrame({ packing, level }, prose).length);
    expect(high!).toBeLessThan(low!);
  });

  test.each(levels)("text beside packed content is packed as text alone is, at level %d", (level) => {
    for (const bytes of [half, hidden])
      expect(kindsOf(packing, compressFrame({ packing, level }, bytes))).not.toEqual(["stored"]);
    const frame = compressFrame({ packing, level }, half);
    expect(frame.length).toBeLessThan(560_000);
    expect(compressFrame({ packing, level }, hidden).length).toBeLessThan(640_000);
  });
});

test("compressFrame() with zstd says the content's size and carries a checksum of it", () => {
  const frame = compressFrame({ packing: "zstd", level: 3 }, text);
  // RFC 8878 section 3.1.1.1.1: a flag for the checksum, and two for the size.
  expect(frame[4]! & 4).toBe(4);
  expect(frame[4]! >>> 6).toBeGreaterThan(0);
  frame[frame.length - 1]! ^= 1;
  expect(() => zstdDecompressSync(frame)).toThrow();
});
