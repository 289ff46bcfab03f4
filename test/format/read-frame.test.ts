/** Frames come apart as they were put together; what is cut or damaged is no frame. */
import { describe, expect, test } from "bun:test";
import { compressFrame } from "../../src/format/compress-frame.ts";
import { packingChoice } from "../../src/format/packing-levels.ts";
import { readFrame, readTornFrame } from "../../src/format/read-frame.ts";
import { seededBytes } from "../support/seeded-bytes.ts";

const limit = 1024 * 1024;
const contents: readonly [string, Uint8Array][] = [
  ["nothing", new Uint8Array(0)],
  ["one byte", Uint8Array.of(7)],
  ["zeros", new Uint8Array(limit)],
  ["what cannot be packed", seededBytes("frame", limit)],
  ["some of both", Buffer.concat([new Uint8Array(300_000), seededBytes("frame", 300_000)])],
];

for (const packing of ["gzip", "zstd"] as const) {
  const packed = (bytes: Uint8Array) => compressFrame(packingChoice(packing, undefined), bytes);
  describe(`readFrame() of ${packing}`, () => {
    for (const [what, bytes] of contents) {
      test(`gives back ${what}, and says where the frame ends`, () => {
        const frame = packed(bytes);
        for (const more of [Buffer.alloc(0), Buffer.alloc(600), frame]) {
          const read = readFrame(packing, Buffer.concat([frame, more]), limit);
          expect(read?.packedBytes).toBe(frame.length);
          expect(Buffer.compare(read?.plain ?? Uint8Array.of(0, 0), bytes)).toBe(0);
        }
      });

      test(`knows ${what} cut anywhere, or with one bit wrong, for no frame`, () => {
        const frame = packed(bytes);
        const places = [0, 1, 5, 9, frame.length >> 1, frame.length - 9, frame.length - 4, frame.length - 1];
        for (const at of new Set(places.filter((at) => at >= 0 && at < frame.length)))
          expect(readFrame(packing, frame.subarray(0, at), limit)).toBeUndefined();
        for (const at of [0, frame.length >> 1, frame.length - 1]) {
          const damaged = Buffer.from(frame);
          damaged[at] = (damaged[at] ?? 0) ^ 1;
          const read = readFrame(packing, damaged, limit);
          // A bit that no decoder looks at may be wrong; what comes out may not.
          if (read !== undefined) expect(Buffer.compare(read.plain, bytes)).toBe(0);
        }
      });
    }

    test("does not unpack more than it is told to", () => {
      const frame = packed(new Uint8Array(limit + 1));
      expect(readFrame(packing, frame, limit)).toBeUndefined();
      expect(readTornFrame(packing, frame, limit)).toBeUndefined();
    });

    test("says of a torn frame what its beginning holds", () => {
      const bytes = seededBytes("torn", limit);
      const torn = readTornFrame(packing, packed(bytes).subarray(0, 700_000), limit);
      expect(torn?.length).toBeGreaterThan(300_000);
      expect(Buffer.compare(torn ?? Buffer.alloc(0), bytes.subarray(0, torn?.length))).toBe(0);
      expect(readTornFrame(packing, packed(bytes).subarray(0, 3), limit)?.length).toBe(0);
    });
  });
}
