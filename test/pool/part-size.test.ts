/** How much of a big blob is asked for at a time. */
import { expect, test } from "bun:test";
import { PartSize, partBytes, threadClocks } from "../../src/pool/part-size.ts";

const MiB = 1024 * 1024;
const windowBytes = 128 * MiB;

/** A thread that is awake for these parts of spans of so many milliseconds. @returns the MiB of a range after each of them */
function rangesOf(awakeParts: readonly number[], spanMs = 50): number[] {
  let [now, awake] = [0, 0];
  const size = new PartSize({ now: () => now, awake: () => awake });
  return awakeParts.map((part) => {
    now += spanMs;
    awake += spanMs * part;
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
  expect(rangesOf([0.9, 0.6, 0.5, 0.5, 0.5, 0.5, 0.9, 0.9])).toEqual([4, 16, 16, 16, 16, 4, 4, 4]);
});

test("a pause does not make them small", () => {
  expect(rangesOf([0.9, 0.9, 0.1, 0.1, 0.1, 0.9, 0.1, 0.1, 0.1]).slice(1)).toEqual(Array(8).fill(16));
});

test("a moment is too short to judge by", () => {
  expect(rangesOf([0.9, 0.9, 0.9, 0.9], 30)).toEqual([4, 4, 4, 16]);
});

test("a thread's clock of what it has to do stands still while it sleeps, and goes while it works", async () => {
  const before = threadClocks.awake();
  await Bun.sleep(300);
  const slept = threadClocks.awake();
  expect(slept - before).toBeLessThan(250);
  for (const end = performance.now() + 300; performance.now() < end; );
  expect(threadClocks.awake() - slept).toBeGreaterThan(50);
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
