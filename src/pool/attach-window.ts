/** A thread's view of a window, and how a job names the window that it is about. */
import { AceError } from "../errors.ts";
import { Window, type WindowHandle } from "../tape/window/window.ts";
import { addHolder, type HolderPool, holdersOf } from "../tape/window/window-holders.ts";

/** With its memory, or without for a thread that has it. */
export type WindowName = WindowHandle | Pick<WindowHandle, "id">;

/** By number, the newest last. */
const windows = new Map<number, Window>();

/** An archive has two when it is compressed; those of archives before it would keep their memory. */
const mostWindows = 2;

/**
 * What to call a window in a job: a number, once each thread of the pool has the memory. A clone's buffers count as so many bytes more
 * with the engine, although they are the same memory; it collected garbage with every job.
 * @param threads of the pool
 */
export function windowName(window: WindowName, pool: HolderPool, threads: number): WindowName {
  return "data" in window && holdersOf(window, pool) >= threads ? { id: window.id } : window;
}

/** The window that came with a job: made once a thread. The newest two are kept; jobs are about no others. */
export function attachWindow(name: WindowName, pool: HolderPool = "blobs"): Window {
  const known = windows.get(name.id);
  if (known !== undefined) return known;
  if (!("data" in name))
    throw new AceError("internal", `Cannot use window ${name.id}: its memory never came to this thread`);
  const window = new Window(name);
  windows.set(name.id, window);
  for (const id of windows.keys()) {
    if (windows.size <= mostWindows) break;
    windows.delete(id);
  }
  addHolder(name, pool);
  return window;
}
