/** A thread of the write loop's test: appends segments, or fills its share of them in an order of its own. */
import { parentPort, workerData } from "node:worker_threads";
import { OutgoingWindow } from "../../../src/tape/window/outgoing-window.ts";
import type { WindowHandle } from "../../../src/tape/window/window.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

/** What a thread is told. All segments are `[bounds[i], bounds[i + 1])`. */
export interface FillerStart {
  window: WindowHandle;
  /** How many segments are appended so far: one Int32. */
  appended: SharedArrayBuffer;
  /** Bytes written by all threads will be `seededBytes(seed, last bound)`. */
  seed: string;
  bounds: readonly number[];
  /** `append`, or the share of a filler. */
  role: "append" | { index: number; of: number };
  /** Pauses of up to so many milliseconds between chunks; 0 for none. */
  pauseMs: number;
}

const start = workerData as FillerStart;
const window = new OutgoingWindow(start.window);
const appended = new Int32Array(start.appended);
const { bounds } = start;
const total = bounds.at(-1) ?? 0;
const bytes = seededBytes(start.seed, total);

async function append(): Promise<void> {
  for (let at = 0; at + 1 < bounds.length; at++) {
    while (window.append(bounds[at]!, bounds[at + 1]!) === undefined) await window.waitForSlot();
    Atomics.store(appended, 0, at + 1);
    Atomics.notify(appended, 0);
  }
  window.setEnd(total);
}

async function fill(segment: number): Promise<void> {
  for (let seen = Atomics.load(appended, 0); seen <= segment; seen = Atomics.load(appended, 0)) {
    const wait = Atomics.waitAsync(appended, 0, seen, 1000);
    if (wait.async) await wait.value;
  }
  for (let position = bounds[segment]!; position < bounds[segment + 1]!; ) {
    const most = Math.min(bounds[segment + 1]! - position, 1 + Math.floor(Math.random() * 4000));
    await window.waitForRoom(position + most);
    window.write(position, bytes.subarray(position, position + most));
    position += most;
    window.fill(segment, position);
    if (start.pauseMs > 0 && Math.random() < 0.2) await Bun.sleep(Math.random() * start.pauseMs);
  }
}

/** Like blob workers: only segments that have begun to have room are under way, but those in any order. */
async function fillShare(index: number, of: number): Promise<void> {
  const mine = bounds.slice(0, -1).flatMap((_, segment) => (segment % of === index ? [segment] : []));
  await Promise.all(mine.map(fill));
}

// A wait on shared memory alone does not keep a thread alive.
const alive = setInterval(() => undefined, 1000);
const work = start.role === "append" ? append() : fillShare(start.role.index, start.role.of);
work
  .catch((error: unknown) => {
    // The test aborts the window when it is over; that is no failure of a filler.
    if (!window.aborted) parentPort?.postMessage(String(error));
  })
  .finally(() => clearInterval(alive));
