/** How many threads compress. */
import { describe, expect, test } from "bun:test";
import { compressorThreads, frameBytes } from "../../src/pool/compressors.ts";

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
