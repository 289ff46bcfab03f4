/** The reckoning of an emulated drive's buffer, at times that the test names. */
import { expect, test } from "bun:test";
import { Streaming } from "./tape-vm/streaming.ts";

const pace = { bufferBytes: 1000, bytesPerSecond: 1000, backHitchMs: 300 };

test("a block that fits is taken at once; one that does not waits until there is room", () => {
  const tape = new Streaming(pace);
  expect(tape.take(400, 0)).toBe(0);
  expect(tape.take(400, 0)).toBe(0);
  expect(tape.take(400, 100)).toBe(100);
  expect(tape.flush(200)).toBe(1000);
  expect(tape).toMatchObject({ streamedMs: 1200, underruns: 0, flushes: 1 });
});

test("a tape that runs dry stops, and goes back before it runs again", () => {
  const tape = new Streaming(pace);
  tape.take(600, 0);
  tape.take(100, 700);
  expect(tape).toMatchObject({ streamedMs: 600, underruns: 1 });
  expect(tape.take(1000, 800)).toBe(300 + 100);
  expect(tape.flush(1200)).toBe(1000);
  expect(tape).toMatchObject({ streamedMs: 1700, underruns: 1, flushes: 1 });
});

test("a tape that stands does not run for less than half a buffer, and an empty buffer needs no flush", () => {
  const tape = new Streaming(pace);
  tape.take(499, 0);
  expect(tape.flush(10_000)).toBe(499);
  expect(tape.flush(20_000)).toBe(0);
  expect(tape).toMatchObject({ streamedMs: 499, underruns: 0, flushes: 1 });
});
