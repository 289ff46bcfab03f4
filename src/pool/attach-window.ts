/** A thread's view of a window. */
import { Window, type WindowHandle } from "../tape/window.ts";

const windows = new Map<number, Window>();

/** The window of a handle that came with a job: made once a thread, since each job brings a clone of the handle. */
export function attachWindow(handle: WindowHandle): Window {
  const known = windows.get(handle.id);
  if (known !== undefined) return known;
  const window = new Window(handle);
  windows.set(handle.id, window);
  return window;
}
