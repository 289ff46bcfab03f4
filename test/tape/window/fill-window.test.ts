/** Filling a window from a stream: every byte in order, the end said whatever happens, no more than there is room for. */
import { describe, expect, test } from "bun:test";
import { AceError } from "../../../src/errors.ts";
import { fillWindow } from "../../../src/tape/window/fill-window.ts";
import { OutgoingWindow } from "../../../src/tape/window/outgoing-window.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

/** Chunks of these sizes in turn, each in the same memory; drains what the window has before each, as a writer would. */
function* chunks(bytes: Uint8Array, sizes: readonly number[], drain: () => void): Generator<Uint8Array> {
  const memory = new Uint8Array(Math.max(...sizes));
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    drain();
    const size = sizes[turn % sizes.length]!;
    memory.fill(0xee);
    memory.set(bytes.subarray(at, at + size));
    yield memory.subarray(0, Math.min(size, bytes.length - at));
    at += size;
  }
}

/** Takes whole steps out of a window. */
function drainer(window: OutgoingWindow, stepBytes: number): { drained: Buffer[]; drain: () => void } {
  const drained: Buffer[] = [];
  const drain = () => {
    const ready = window.filled();
    const end = window.end === ready ? ready : ready - (ready % stepBytes);
    if (end <= window.drained) return;
    drained.push(Buffer.from(window.copy(window.drained, end - window.drained)));
    window.drain(end);
    window.announceDrained();
  };
  return { drained, drain };
}

describe("fillWindow()", () => {
  for (const sizes of [[1], [7, 100], [1000], [640], [3000, 1]]) {
    for (const total of [0, 1, 999, 1000, 25_007]) {
      test(`brings ${total} bytes in chunks of ${sizes.join(" and ")}`, () => {
        const window = OutgoingWindow.create(10_000);
        const bytes = seededBytes("fill", total);
        const { drained, drain } = drainer(window, 1000);
        expect(fillWindow(window, chunks(bytes, sizes, drain), 1000)).toBe(total);
        expect(window.end).toBe(total);
        drain();
        expect(Buffer.concat(drained).equals(Buffer.from(bytes))).toBe(true);
      });
    }
  }

  test("says the end and keeps what came when the source fails", () => {
    const window = OutgoingWindow.create(10_000);
    function* failing() {
      yield seededBytes("fill", 1234);
      throw new AceError("medium", "Cannot read tape: input/output error");
    }
    expect(() => fillWindow(window, failing(), 1000)).toThrow("input/output error");
    expect(window.end).toBe(1234);
    expect(window.filled()).toBe(1234);
  });

  test("ends when the window is aborted, and asks for nothing more", () => {
    const window = OutgoingWindow.create(10_000);
    let asked = 0;
    function* endless() {
      for (;;) {
        asked++;
        window.abort();
        yield new Uint8Array(10);
      }
    }
    expect(() => fillWindow(window, endless(), 1000)).toThrow("stopped");
    expect(asked).toBe(1);
  });

  test("tells the writer of whole steps, and of all there is before it waits for room", () => {
    const window = OutgoingWindow.create(64_000);
    const told: number[] = [];
    function* watched() {
      for (let turn = 0; turn < 10; turn++) {
        yield new Uint8Array(100);
        told.push(window.filled());
      }
    }
    fillWindow(window, watched(), 500);
    expect(told).toEqual([0, 0, 0, 0, 500, 500, 500, 500, 500, 1000]);
  });
});
