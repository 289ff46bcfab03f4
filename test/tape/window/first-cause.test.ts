/** The first cause of a run's end: one for all threads, whole for whoever reads it. */
import { expect, test } from "bun:test";
import { AceError } from "../../../src/errors.ts";
import { FirstCause } from "../../../src/tape/window/first-cause.ts";
import { OutgoingWindow } from "../../../src/tape/window/outgoing-window.ts";

test("who says it first is heard, by every thread's view", () => {
  const cause = new FirstCause();
  const other = new FirstCause(cause.handle);
  expect(other.error).toBeUndefined();
  cause.set(
    new AceError("medium", "Cannot write it: it is full", { hint: "Make room.", details: ["one", "two"] }),
  );
  other.set(new AceError("stopped", "Cannot go on: the run was stopped"));
  for (const { error } of [cause, other])
    expect(error).toMatchObject({
      ...{ code: "medium", message: "Cannot write it: it is full" },
      ...{ hint: "Make room.", details: ["one", "two"] },
    });
});

test("what is no error of ours is a fault of this program", () => {
  const cause = new FirstCause();
  cause.set(new TypeError("x is not a function"));
  expect(cause.error).toMatchObject({ code: "internal", message: "x is not a function" });
});

test("more details than there is room for are cut, and so is a message", () => {
  const cause = new FirstCause();
  cause.set(
    new AceError("archive", "Cannot read it", { details: Array(5000).fill("a blob that is missing") }),
  );
  expect(cause.error).toMatchObject({ code: "archive", message: "Cannot read it" });
  expect(cause.error?.details.at(-1)).toMatch(/^and \d+ more$/);
  const long = new FirstCause();
  long.set(new AceError("archive", "ä".repeat(1_000_000)));
  expect(long.error?.code).toBe("archive");
});

test("waiting for an aborted window throws the cause, whichever window of the run it is", async () => {
  const cause = new FirstCause();
  const [plain, packed] = [1, 2].map(() => OutgoingWindow.create(1024, { cause }));
  const error = new AceError("medium", "Cannot write it: it is full");
  packed!.abort(error);
  plain!.abort(new AceError("stopped", "Cannot go on: the run was stopped"));
  expect(() => plain!.throwIfAborted()).toThrow("it is full");
  expect(plain!.waitForRoom(1024 + 5000)).rejects.toThrow("it is full");
});

test("a window's signal fires with the cause", async () => {
  const window = OutgoingWindow.create(1024);
  const { stopSignal } = new OutgoingWindow(window.handle);
  expect(stopSignal.aborted).toBe(false);
  const fired = new Promise((resolve) => stopSignal.addEventListener("abort", resolve));
  window.abort(new AceError("medium", "Cannot write it: it is full"));
  await fired;
  expect(stopSignal.reason).toMatchObject({ code: "medium" });
  expect(window.stopSignal.aborted).toBe(true);
});
