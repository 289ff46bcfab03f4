/** A thread's views of windows. */
import { expect, test } from "bun:test";
import { attachWindow } from "../../src/pool/attach-window.ts";
import { Window } from "../../src/tape/window.ts";

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
  const [first] = handles.map(attachWindow);
  expect(attachWindow(handles[0]!)).not.toBe(first);
  const last = attachWindow(handles[2]!);
  expect(attachWindow(handles[2]!)).toBe(last);
});
