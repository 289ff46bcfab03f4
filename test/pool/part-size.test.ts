/** How much of a big blob is asked for at a time. */
import { expect, test } from "bun:test";
import { type Clocks, PartSize, partBytes } from "../../src/pool/part-size.ts";

const MiB = 1024 * 1024;
const windowBytes = 128 * MiB;

/** A thread that works for these parts of 100 ms each. @returns the MiB of a range after each of them */
function rangesOf(worked: readonly number[]): number[] {
  let clocks: Clocks = { atMs: 0, workedMs: 0 };
  const size = new PartSize(() => clocks);
  return worked.map((part) => {
    clocks = { atMs: clocks.atMs + 100, workedMs: clocks.workedMs + 100 * part };
    size.look();
    return size.bytes(windowBytes) / MiB;
  });
}

test("ranges stay small for a thread that waits for the network", () => {
  expect(rangesOf([0.1, 0.2, 0.1])).toEqual([4, 4, 4]);
});

test("they stay small for one that was busy only while it started", () => {
  expect(rangesOf([0.8, 0.2, 0.2])).toEqual([4, 4, 4]);
});

test("they are large for a thread that is busy, and small for good once it has less to do", () => {
  expect(rangesOf([0.2, 0.6, 0.5, 0.4, 0.9, 0.3, 0.9, 0.9])).toEqual([4, 4, 16, 16, 16, 4, 4, 4]);
});

test("a moment is too short to judge by", () => {
  let clocks: Clocks = { atMs: 0, workedMs: 0 };
  const size = new PartSize(() => clocks);
  clocks = { atMs: 60, workedMs: 60 };
  size.look();
  expect(size.bytes(windowBytes)).toBe(4 * MiB);
});

test("the thread's own clock is a working one", () => {
  const size = new PartSize();
  // On a machine with other work a thread that never rests may get less than half of a core for a while.
  for (const end = performance.now() + 4000; size.bytes(windowBytes) === 4 * MiB && performance.now() < end; )
    size.look();
  expect(size.bytes(windowBytes)).toBe(16 * MiB);
});

test("no range is below 1 MiB or above 16 MiB", () => {
  expect(partBytes(MiB)).toBe(MiB);
  expect(partBytes(1024 * MiB)).toBe(16 * MiB);
  let clocks: Clocks = { atMs: 0, workedMs: 0 };
  const size = new PartSize(() => clocks);
  for (const workedMs of [100, 200]) {
    clocks = { atMs: workedMs, workedMs };
    size.look();
  }
  expect(size.bytes(1024 * MiB)).toBe(16 * MiB);
  expect(size.bytes(32 * MiB)).toBe(4 * MiB);
});
