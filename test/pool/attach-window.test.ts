/** A thread's views of windows. */
import { expect, test } from "bun:test";
import { AceError } from "../../src/errors.ts";
import { attachWindow, windowName } from "../../src/pool/attach-window.ts";
import { Window } from "../../src/tape/window/window.ts";
import { addHolder } from "../../src/tape/window/window-holders.ts";

test("a window whose handle is cloned with every job is known again, and shares its memory", () => {
  const window = Window.create(1024);
  const first = attachWindow(structuredClone(window.handle));
  expect(attachWindow(structuredClone(window.handle))).toBe(first);
  window.write(7, Buffer.from([42]));
  expect(first.view(7, 1)[0]).toBe(42);
});

test("two windows are two", () => {
  expect(attachWindow(Window.create(1024).handle)).not.toBe(attachWindow(Window.create(1024).handle));
});

test("windows of archives before the last are let go of", () => {
  const handles = [1, 2, 3].map(() => Window.create(1024).handle);
  const [first] = handles.map((handle) => attachWindow(handle));
  expect(attachWindow(handles[0]!)).not.toBe(first);
  const last = attachWindow(handles[2]!);
  expect(attachWindow(handles[2]!)).toBe(last);
});

test("the memory travels along until every thread of the pool has it", () => {
  const { handle } = Window.create(1024);
  expect(windowName(handle, "blobs", 2)).toBe(handle);
  const attached = attachWindow(structuredClone(handle));
  expect(windowName(handle, "blobs", 2)).toBe(handle);
  attachWindow(structuredClone(handle));
  expect(windowName(handle, "blobs", 2)).toBe(handle);
  // Another thread.
  addHolder(handle, "blobs");
  expect(windowName(handle, "blobs", 2)).toEqual({ id: handle.id });
  expect(attachWindow({ id: handle.id })).toBe(attached);
  expect(windowName(handle, "frames", 1)).toBe(handle);
});

test("a window in recycled memory is nobody's yet", () => {
  const first = Window.create(4096, 16);
  attachWindow(first.handle);
  first.release();
  const second = Window.create(4096, 16);
  expect(second.handle.control).toBe(first.handle.control);
  expect(windowName(second.handle, "blobs", 1)).toBe(second.handle);
});

test("a number that a thread has no memory for is an error", () => {
  expect(() => attachWindow({ id: -1 })).toThrow(AceError);
});
