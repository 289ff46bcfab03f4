/** How many threads compress, and that they get what was in the window. */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { compressorThreads, frameBytes, packWindow } from "../../../src/pool/frames/compressors.ts";
import { fillSegment, OutgoingWindow } from "../../../src/tape/window/outgoing-window.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

describe("compressorThreads()", () => {
  test.each([
    ["as many as there are cores", 2, 16 * frameBytes, 2],
    ["no more than half the frames of the window, however many cores", 64, 16 * frameBytes, 8],
    ["more with a larger window", 64, 256 * frameBytes, 64],
    ["one at least", 8, frameBytes, 1],
  ] as const)("%s", (_, cores, windowBytes, threads) => {
    expect(compressorThreads(cores, windowBytes)).toBe(threads);
  });
});

test("what comes once round the window does not overwrite a frame that is still being made", async () => {
  const plain = OutgoingWindow.create(4 * frameBytes);
  const packed = OutgoingWindow.create(8 * frameBytes);
  const mib = 1024 * 1024;
  // Slow to compress, and each MiB another.
  const text = Buffer.from(Buffer.from(seededBytes("text", mib)).toString("base64").slice(0, mib));
  const pieces = Array.from({ length: 48 }, (_, at) =>
    Buffer.concat([Buffer.from(`${at} `.padStart(8)), text.subarray(8)]),
  );
  const fill = async () => {
    for (const [at, piece] of pieces.entries()) {
      const segment = await plain.open(at * mib, (at + 1) * mib);
      await fillSegment(plain, segment, at * mib, piece);
    }
    plain.setEnd(pieces.length * mib);
  };
  const found = createHash("sha256");
  let ends: number[] = [];
  const drain = async () => {
    for (let at = 0; packed.end !== at || ends.length > 0; ) {
      const seen = packed.progressSignal;
      const ready = packed.filled();
      const whole = ends.filter((end) => end <= ready);
      ends = ends.filter((end) => end > ready);
      for (const end of whole) {
        found.update(gunzipSync(packed.copy(at, end - at)));
        at = end;
        packed.drain(end);
        packed.announceDrained();
      }
      if (whole.length === 0) await packed.waitForProgress(seen, 100);
    }
  };
  const packing = packWindow({ packing: "gzip", level: 6 }, plain, packed, (mark) => ends.push(mark.packed));
  await Promise.all([fill(), packing, drain()]);
  expect(found.digest("hex")).toBe(createHash("sha256").update(Buffer.concat(pieces)).digest("hex"));
}, 60_000);
