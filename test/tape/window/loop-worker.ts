/** The thread of the write loop's test that drains, as the writer's thread does: it blocks while it waits. */
import { parentPort, workerData } from "node:worker_threads";
import { OutgoingWindow } from "../../../src/tape/window/outgoing-window.ts";
import type { WindowHandle } from "../../../src/tape/window/window.ts";
import { runWriteLoop, type WriteLoopOptions } from "../../../src/tape/window/write-loop.ts";
import { type MediumScript, ScriptedMedium, type WrittenBlock } from "./scripted-medium.ts";

/** What the thread is told. */
export interface LoopStart {
  window: WindowHandle;
  options: WriteLoopOptions;
  script: MediumScript;
}

/** What it answers. */
export interface LoopEnd {
  blocks: WrittenBlock[];
  whole: boolean;
  underruns: number;
}

const start = workerData as LoopStart;
const window = new OutgoingWindow(start.window);
const medium = new ScriptedMedium("file", window, start.script);
const { whole, underruns } = runWriteLoop(window, medium, start.options, { durable: () => undefined });
parentPort?.postMessage({ blocks: medium.blocks, whole, underruns } satisfies LoopEnd);
