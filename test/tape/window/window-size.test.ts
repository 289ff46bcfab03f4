/** The window holds whole blocks, and enough of them, and is as large as the memory allows. */
import { expect, test } from "bun:test";
import { makeWindows, windowBytesFor, windowSizeFor } from "../../../src/tape/window/window-size.ts";

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
  test(`a window of ${wanted} bytes for blocks of ${block} is a multiple of the block, holds 16, and is as large as asked`, () => {
    const bytes = windowSizeFor(windowBytesFor(wanted), block).capacityBytes;
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
  expect(() => windowBytesFor(2 ** 50)).toThrow("buffer-size 1125899906842624: this machine has");
});

/** What the engine says when there is no memory. */
const noMemory = () => new RangeError("Out of memory");

test("windows of no wanted size become smaller until there is memory for them, and each time it is said", () => {
  const tried: number[] = [];
  const told: string[] = [];
  const make = (bytes: number) => {
    tried.push(bytes);
    if (bytes > 40 * mib) throw noMemory();
    return bytes;
  };
  expect(makeWindows(0, make, (text) => told.push(text))).toBeLessThanOrEqual(40 * mib);
  expect(told).toHaveLength(tried.length - 1);
  expect(told[0]).toMatch(/too little memory for a buffer of \d+ bytes: .*(has|allows|is) \d+ bytes/);
  // The next windows of the process begin where these ended.
  expect(windowBytesFor(0)).toBe(tried.at(-1) ?? 0);
});

test("a wanted size that is not to be had is refused, and none at all names the limit", () => {
  const make = () => {
    throw noMemory();
  };
  expect(() => makeWindows(64 * mib, make, () => undefined)).toThrow(
    /buffer-size 67108864: there is not so much memory: /,
  );
  expect(() => makeWindows(0, make, () => undefined)).toThrow(
    /Cannot get \d+ bytes of memory for the buffer: /,
  );
  const broken = () => {
    throw new Error("something else");
  };
  expect(() => makeWindows(0, broken, () => undefined)).toThrow("something else");
});
