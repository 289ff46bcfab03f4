/** The writer's loop: every byte once and in order, whole blocks in single calls, the high-water mark, faults and aborts. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Worker } from "node:worker_threads";
import type { MediumKind } from "../../../src/tape/medium/medium.ts";
import { OutgoingWindow } from "../../../src/tape/window/outgoing-window.ts";
import { runWriteLoop, type WriteLoopResult } from "../../../src/tape/window/write-loop.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import type { FillerStart } from "./filler-worker.ts";
import type { LoopEnd, LoopStart } from "./loop-worker.ts";
import { type MediumScript, ScriptedMedium, type WrittenBlock } from "./scripted-medium.ts";

setDefaultTimeout(30_000);

interface LoopRun {
  medium: ScriptedMedium;
  result: WriteLoopResult;
  durable: number[];
}

interface LoopOptions {
  blockBytes?: number;
  highWaterBytes?: number;
  flushEveryBytes?: number;
  kind?: MediumKind;
  script?: MediumScript;
}

function loop(window: OutgoingWindow, options: LoopOptions): LoopRun {
  const { blockBytes = 1000, highWaterBytes = 0, flushEveryBytes = 0 } = options;
  const medium = new ScriptedMedium(options.kind ?? "file", window, options.script);
  const durable: number[] = [];
  const result = runWriteLoop(
    window,
    medium,
    { blockBytes, highWaterBytes, flushEveryBytes },
    { durable: (offset) => durable.push(offset) },
  );
  return { medium, result, durable };
}

function bytesOf({ blocks }: { blocks: readonly WrittenBlock[] }): Buffer {
  return Buffer.concat(blocks.map(({ bytes }) => bytes));
}

/** A window in which a stream lies whole. */
function filled(bytes: Uint8Array, capacityBytes = 16_000): OutgoingWindow {
  const window = OutgoingWindow.create(capacityBytes);
  const slot = window.append(0, bytes.length) ?? -1;
  window.write(0, bytes);
  window.fill(slot, bytes.length);
  window.setEnd(bytes.length);
  return window;
}

describe("runWriteLoop() on a stream that is there already", () => {
  for (const total of [0, 1, 999, 1000, 1001, 8000, 15_999, 16_000]) {
    for (const highWaterBytes of [0, 8000, 16_000]) {
      test(`writes ${total} bytes with a high-water mark of ${highWaterBytes}`, () => {
        const bytes = seededBytes("loop", total);
        const { medium, result, durable } = loop(filled(bytes), { highWaterBytes });
        expect(bytesOf(medium).equals(Buffer.from(bytes))).toBe(true);
        expect(medium.blocks.map((block) => block.bytes.length)).toEqual([
          ...Array<number>(Math.floor(total / 1000)).fill(1000),
          ...(total % 1000 === 0 ? [] : [total % 1000]),
        ]);
        expect(medium.blocks.map(({ offset }) => offset)).toEqual(medium.blocks.map((_, at) => at * 1000));
        expect(result).toEqual({ written: total, durable: total, whole: true, full: false, underruns: 0 });
        expect(durable).toEqual([total]);
      });
    }
  }

  test("pads the last block on a tape, and nowhere else", () => {
    const bytes = seededBytes("tape", 2500);
    const tape = loop(filled(bytes), { kind: "tape" });
    expect(tape.medium.blocks.map((block) => block.bytes.length)).toEqual([1000, 1000, 1000]);
    expect(bytesOf(tape.medium).equals(Buffer.concat([bytes, Buffer.alloc(500)]))).toBe(true);
    expect(tape.result.written).toBe(2500);
    for (const kind of ["file", "stream", "device"] as const) {
      expect(loop(filled(bytes), { kind }).medium.length).toBe(2500);
    }
  });

  test("flushes as often as it is told, and says what is durable only then", () => {
    const { medium, durable } = loop(filled(seededBytes("flush", 10_500)), { flushEveryBytes: 3000 });
    expect(medium.flushes).toEqual([3000, 6000, 9000, 10_500]);
    expect(durable).toEqual(medium.flushes);
  });

  test("lets the medium's error out, and the front tells how far it came", () => {
    const window = filled(seededBytes("full", 10_000));
    expect(() => loop(window, { script: { failAtBlock: 4 } })).toThrow("it is full");
    expect(window.drained).toBe(4000);
  });

  test("stops when it is told to, and says what is good and that it is not whole", () => {
    const window = filled(seededBytes("stop", 10_000));
    const { result, durable, medium } = loop(window, {
      script: { abortAtBlock: 2 },
    });
    expect(result).toEqual({ written: 3000, durable: 3000, whole: false, full: false, underruns: 0 });
    expect(durable).toEqual([3000]);
    expect(medium.length).toBe(3000);
  });
});

/** How a run with several threads went. */
interface ThreadedRun extends LoopEnd {
  expected: Buffer;
  complaints: string[];
}

/** Runs the loop on one thread while others fill the window. */
async function withFillers(options: {
  capacityBytes: number;
  bounds: readonly number[];
  highWaterBytes?: number;
  slots?: number;
  pauseMs?: number;
  script?: MediumScript;
}): Promise<ThreadedRun> {
  const { capacityBytes, bounds, highWaterBytes = 0, slots, pauseMs = 0, script = {} } = options;
  const window = OutgoingWindow.create(capacityBytes, { slots });
  const seed = `fillers/${bounds.join()}`;
  const start = { window: window.handle, appended: new SharedArrayBuffer(4), seed, bounds, pauseMs };
  const roles: FillerStart["role"][] = ["append", ...[0, 1, 2].map((index) => ({ index, of: 3 }))];
  const complaints: string[] = [];
  const fillers = roles.map((role) => {
    const workerData: FillerStart = { ...start, role };
    const worker = new Worker(new URL("./filler-worker.ts", import.meta.url), { workerData });
    worker.on("message", (complaint: string) => complaints.push(complaint));
    return worker;
  });
  const workerData: LoopStart = {
    window: window.handle,
    options: { blockBytes: 1000, highWaterBytes, flushEveryBytes: 0 },
    script,
  };
  const writer = new Worker(new URL("./loop-worker.ts", import.meta.url), { workerData });
  try {
    const end = await new Promise<LoopEnd>((resolve, reject) => {
      writer.on("message", resolve);
      for (const worker of [writer, ...fillers]) worker.on("error", reject);
    });
    return { ...end, complaints, expected: Buffer.from(seededBytes(seed, bounds.at(-1) ?? 0)) };
  } finally {
    window.abort();
    await Promise.all([writer, ...fillers].map((worker) => worker.terminate()));
  }
}

/** Bounds of `count` segments of up to `most` bytes, the same every time. */
function boundsOf(count: number, most: number): number[] {
  const sizes = new Uint32Array(Uint8Array.from(seededBytes(`sizes/${count}`, count * 4)).buffer);
  const bounds = [0];
  for (const size of sizes) bounds.push((bounds.at(-1) ?? 0) + (size % most));
  return bounds;
}

describe("runWriteLoop() while several threads fill the window in any order", () => {
  for (const percent of [0, 50, 90, 100]) {
    test(`every byte is written once, in order, around the edge, with a high-water mark of ${percent} %`, async () => {
      const capacityBytes = 64_000;
      const highWaterBytes = (capacityBytes * percent) / 100;
      const bounds = boundsOf(400, 9000);
      const run = await withFillers({ capacityBytes, bounds, highWaterBytes, pauseMs: 1 });
      expect(run.complaints).toEqual([]);
      expect(bytesOf(run).equals(run.expected)).toBe(true);
      expect(run.whole).toBe(true);
      const sizes = run.blocks.map(({ bytes }) => bytes.length);
      expect(sizes.slice(0, -1).every((size) => size === 1000)).toBe(true);
      // Nothing is written before the mark is reached, or the first segment that is open needs room.
      const nearly = Math.min(highWaterBytes, capacityBytes - 9000);
      expect(run.blocks[0]?.readyBytes).toBeGreaterThanOrEqual(nearly);
    });
  }

  test("a segment larger than the window passes through", async () => {
    const run = await withFillers({
      capacityBytes: 16_000,
      bounds: [0, 10, 200_000, 200_512, 333_333],
      highWaterBytes: 16_000,
    });
    expect(bytesOf(run).equals(run.expected)).toBe(true);
  });

  test("more segments than slots pass through", async () => {
    const run = await withFillers({
      capacityBytes: 64_000,
      bounds: boundsOf(2000, 60),
      slots: 8,
      highWaterBytes: 64_000,
    });
    expect(bytesOf(run).equals(run.expected)).toBe(true);
  });

  test("a slow medium brakes the fillers: nothing is ever overwritten before it is drained", async () => {
    const run = await withFillers({
      capacityBytes: 16_000,
      bounds: boundsOf(60, 9000),
      script: { slow: true },
    });
    expect(bytesOf(run).equals(run.expected)).toBe(true);
  });

  test("a stream smaller than the high-water mark is written at its end", async () => {
    const run = await withFillers({
      capacityBytes: 64_000,
      bounds: [0, 512, 5000],
      highWaterBytes: 60_000,
      pauseMs: 2,
    });
    expect(bytesOf(run).equals(run.expected)).toBe(true);
    expect(run.blocks[0]?.readyBytes).toBe(5000);
    expect(run.underruns).toBe(0);
  });
});

describe("runWriteLoop() on a stream that begins in its middle", () => {
  for (const start of [1, 999, 1000, 12_345, 123_456_789_012]) {
    test(`from byte ${start} on: writes end where blocks do, around the window's edge too`, () => {
      const bytes = seededBytes("resumed", 15_000);
      const window = OutgoingWindow.create(16_000, { slots: 16, start: start });
      const slot = window.append(start, start + bytes.length) ?? -1;
      window.write(start, bytes);
      window.fill(slot, start + bytes.length);
      window.setEnd(start + bytes.length);
      const { medium, result, durable } = loop(window, {});
      expect(result).toMatchObject({ written: start + bytes.length, whole: true });
      expect(durable).toEqual([start + bytes.length]);
      expect(bytesOf(medium).equals(bytes)).toBe(true);
      const ends = medium.blocks.map(({ offset, bytes }) => offset + bytes.length);
      expect(ends.slice(0, -1).filter((end) => end % 1000 !== 0)).toEqual([]);
    });
  }
});
