/** How much of a big blob is asked for at a time. */
import { expect, test } from "bun:test";
import { PartSize, partBytes, type Spent, threadClocks } from "../../../src/pool/blobs/part-size.ts";

const MiB = 1024 * 1024;
const windowBytes = 128 * MiB;

/**
 * A thread that works, and stands in line, for these parts of spans of so many milliseconds.
 * @returns the MiB of a range after each of them
 */
function rangesOf(workedParts: readonly number[], { spanMs = 100, inLine = 0 } = {}): number[] {
  let spent: Spent = { atMs: 0, workedMs: 0, inLineMs: 0 };
  const size = new PartSize({ now: () => spent.atMs, spent: () => spent });
  return workedParts.map((part) => {
    const { atMs, workedMs, inLineMs } = spent;
    spent = { atMs: atMs + spanMs, workedMs: workedMs + spanMs * part, inLineMs: inLineMs + spanMs * inLine };
    size.look();
    return size.bytes(windowBytes) / MiB;
  });
}

test("ranges stay small for a thread that waits for the network, and may become large later", () => {
  expect(rangesOf([0.2, 0.5, 0.4, 0.6, 0.6])).toEqual([4, 4, 4, 4, 16]);
});

test("they stay small for one that was busy only while it started", () => {
  expect(rangesOf([0.9, 0.2, 0.9, 0.2])).toEqual([4, 4, 4, 4]);
});

test("they are large for a thread that is busy, and small for good once it has to wait with them", () => {
  expect(rangesOf([0.9, 0.6, 0.4, 0.5, 0.4, 0.9, 0.9])).toEqual([4, 16, 16, 16, 4, 4, 4]);
});

test("a pause does not make them small", () => {
  expect(rangesOf([0.9, 0.9, 0.1, 0.1, 0.9, 0.1, 0.1]).slice(1)).toEqual(Array(6).fill(16));
});

test("to stand in line for a processor is not to wait for the network, and not to be busy either", () => {
  expect(rangesOf([0.3, 0.3, 0.1, 0.1, 0.1], { inLine: 0.5 })).toEqual([4, 16, 16, 16, 16]);
  expect(rangesOf([0.1, 0.2, 0.1, 0.2], { inLine: 0.7 })).toEqual([4, 4, 4, 4]);
});

test("a moment is too short to judge by", () => {
  expect(rangesOf([0.9, 0.9, 0.9, 0.9], { spanMs: 60 })).toEqual([4, 4, 4, 16]);
});

test("a thread's account stands still while it sleeps, and goes on while it works", async () => {
  const { workedMs: before } = threadClocks.spent();
  await Bun.sleep(300);
  const { workedMs: slept } = threadClocks.spent();
  expect(slept - before).toBeLessThan(250);
  // On a busy machine a thread gets less of the processor than time passes.
  const worked = () => threadClocks.spent().workedMs - slept;
  for (const end = performance.now() + 20_000; worked() <= 30 && performance.now() < end; );
  expect(worked()).toBeGreaterThan(30);
  const { inLineMs } = threadClocks.spent();
  expect(inLineMs).toBeGreaterThanOrEqual(0);
});

test("no range is below 1 MiB or above 16 MiB", () => {
  for (const [window, small, large] of [
    [1, 1, 1],
    [16, 1, 2],
    [100, 3, 12],
    [128, 4, 16],
    [1024, 16, 16],
  ] as const)
    expect([partBytes(window * MiB), partBytes(window * MiB, "large")]).toEqual([small * MiB, large * MiB]);
});
