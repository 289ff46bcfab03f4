/** The window holds whole blocks, and enough of them. */
import { expect, test } from "bun:test";
import { windowBytesFor, windowSizeFor } from "../../../src/tape/window/window-size.ts";

const mib = 1024 * 1024;

for (const [wanted, block, least] of [
  [0, mib, 16 * mib],
  [0, 1, 16 * mib],
  [1, 512, 16 * mib],
  [64 * mib, mib, 64 * mib],
  [64 * mib + 1, mib, 65 * mib],
  [mib, 10 * mib, 160 * mib],
  [17 * mib, 3_333_333, 17 * mib],
] as const) {
  test(`windowBytesFor(${wanted}, ${block}) is a multiple of the block, holds 16, and is as large as asked`, () => {
    const bytes = windowBytesFor(wanted, block);
    expect(bytes % block).toBe(0);
    expect(bytes / block).toBeGreaterThanOrEqual(16);
    expect(bytes).toBeGreaterThanOrEqual(least);
    if (wanted > 16 * mib) expect(bytes - wanted).toBeLessThan(Math.max(block, 16 * block - wanted + 1));
  });
}

for (const [wanted, block] of [
  [3 * 1024 * mib, mib],
  [3 * 1024 * mib + 1, 1],
  [5 * 1024 * mib, 3_333_333],
] as const) {
  test(`windowSizeFor(${wanted}, ${block}) cuts the memory into pieces of whole blocks, none over a GiB`, () => {
    const { capacityBytes, chunkBytes } = windowSizeFor(wanted, block);
    expect(chunkBytes).toBeLessThanOrEqual(1024 * mib);
    expect([chunkBytes % block, capacityBytes % chunkBytes]).toEqual([0, 0]);
    expect(capacityBytes).toBeGreaterThanOrEqual(wanted);
    expect(capacityBytes - wanted).toBeLessThan(10 * block);
  });
}

test("more than the machine has is refused", () => {
  expect(() => windowSizeFor(2 ** 50, 1)).toThrow("buffer-size 1125899906842624: this machine has");
});
