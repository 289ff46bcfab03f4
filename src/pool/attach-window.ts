/** A thread's view of a window. */
import { Window, type WindowHandle } from "../tape/window.ts";

const windows = new Map<SharedArrayBuffer, Window>();

/** The window of a handle. A handle is cloned with each job, but its buffers are the same memory: keep one view of each. */
export function attachWindow(handle: WindowHandle): Window {
  const known = windows.get(handle.data);
  if (known !== undefined) return known;
  const window = new Window(handle);
  windows.set(handle.data, window);
  return window;
}
