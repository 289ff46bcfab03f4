/** A thread's view of a window. */
import { Window, type WindowHandle } from "../tape/window.ts";

/** By number, the newest last. */
const windows = new Map<number, Window>();

/** An archive has two when it is compressed; those of archives before it would keep their memory. */
const mostWindows = 2;

/** The window of a handle that came with a job: made once a thread, since each job brings a clone of the handle. */
export function attachWindow(handle: WindowHandle): Window {
  const known = windows.get(handle.id);
  if (known !== undefined) return known;
  const window = new Window(handle);
  windows.set(handle.id, window);
  for (const id of windows.keys()) {
    if (windows.size <= mostWindows) break;
    windows.delete(id);
  }
  return window;
}
