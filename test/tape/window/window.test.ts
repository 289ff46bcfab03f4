/** The window's book-keeping: places, order, room, and everybody who waits for them. */
import { describe, expect, test } from "bun:test";
import { Window } from "../../../src/tape/window/window.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

describe("Window", () => {
  test("scans as far as segments are complete without a gap, in whatever order they fill", () => {
    const window = Window.create(1000);
    const slots = [window.append(0, 100), window.append(100, 300), window.append(300, 350)].map(
      (slot) => slot ?? -1,
    );
    expect(window.scan()).toBe(0);
    window.advance(slots[2]!, 350);
    window.advance(slots[1]!, 200);
    expect(window.scan()).toBe(0);
    window.advance(slots[0]!, 60);
    expect(window.scan()).toBe(60);
    window.advance(slots[0]!, 100);
    expect(window.scan()).toBe(200);
    window.advance(slots[1]!, 300);
    expect(window.scan()).toBe(350);
    expect(window.scanned).toBe(350);
  });

  test("is the same window through its handle", () => {
    const window = Window.create(1000);
    const other = new Window(window.handle);
    const slot = window.append(0, 10) ?? -1;
    other.write(0, Buffer.from("0123456789"));
    other.advance(slot, 10);
    other.setEnd(10);
    expect(window.scan()).toBe(10);
    expect(window.end).toBe(10);
    expect(Buffer.from(window.copy(0, 10)).toString()).toBe("0123456789");
    window.moveFront(7);
    expect(other.front).toBe(7);
    expect(other.capacityBytes).toBe(1000);
  });

  test("puts bytes around its edge, and takes them out again", () => {
    const window = Window.create(1000);
    const bytes = seededBytes("edge", 700);
    for (const offset of [0, 299, 300, 301, 999, 1000, 123_456_789_999]) {
      window.write(offset, bytes);
      expect(Buffer.from(window.copy(offset, 700)).equals(Buffer.from(bytes))).toBe(true);
      const view = window.view(offset, 700);
      expect(view.length).toBe(Math.min(700, 1000 - (offset % 1000)));
      expect(view.byteOffset).toBe(offset % 1000);
    }
  });

  test("gives slots out again when their segments are complete", async () => {
    const window = Window.create(1000, 3);
    const slots = [0, 1, 2].map((at) => window.append(at * 10, at * 10 + 10));
    expect(window.append(30, 40)).toBeUndefined();
    expect(window.headNeedsRoom).toBe(true);
    window.advance(slots[1]!, 20);
    window.scan();
    expect(window.append(30, 40)).toBeUndefined();
    const waiting = window.waitForSlot();
    window.advance(slots[0]!, 10);
    window.scan();
    await waiting;
    expect(window.append(30, 40)).toBe(slots[0]!);
    expect(window.append(40, 50)).toBe(slots[1]!);
    expect(window.append(50, 60)).toBeUndefined();
  });

  test("knows offsets far beyond what 32 bits hold", () => {
    const start = 40 * 2 ** 40;
    const window = Window.create(1000);
    window.moveFront(start);
    const slot = window.append(start, start + 500) ?? -1;
    window.advance(slot, start + 499);
    expect(window.scan()).toBe(start + 499);
    expect(window.front).toBe(start);
    window.setEnd(start + 500);
    expect(window.end).toBe(start + 500);
  });

  test("says when the first incomplete segment cannot be completed without room", () => {
    const window = Window.create(1000);
    expect(window.headNeedsRoom).toBe(false);
    const first = window.append(0, 900) ?? -1;
    window.append(900, 1100);
    expect(window.headNeedsRoom).toBe(false);
    window.advance(first, 900);
    window.scan();
    expect(window.headNeedsRoom).toBe(true);
    window.moveFront(100);
    expect(window.headNeedsRoom).toBe(false);
  });

  test("wakes whoever waits for the front, and only when it is there", async () => {
    const window = Window.create(1000);
    let arrived = false;
    const waiting = window.waitForFront(50).then(() => {
      arrived = true;
    });
    window.moveFront(49);
    window.announceFront();
    await Bun.sleep(5);
    expect(arrived).toBe(false);
    window.moveFront(50);
    window.announceFront();
    await waiting;
  });

  test("lets waiting end with the stream, and fail with an abort", async () => {
    const window = Window.create(1000);
    const beyond = window.waitForFront(500);
    window.moveFront(20);
    window.setEnd(20);
    await beyond;
    const aborted = Window.create(1000, 1);
    aborted.append(0, 10);
    const waits = Promise.allSettled([aborted.waitForFront(500), aborted.waitForSlot()]);
    aborted.abort();
    for (const wait of await waits)
      expect(wait).toMatchObject({ status: "rejected", reason: { code: "stopped" } });
    expect(aborted.aborted).toBe(true);
    expect(() => aborted.throwIfAborted()).toThrow("stopped");
  });
});

test("memory in several pieces is one ring: bytes go over the edges, views end there", () => {
  const window = Window.create(3000, 16, 0, 1000);
  expect(window.capacityBytes).toBe(3000);
  const bytes = Uint8Array.from({ length: 2800 }, (_, at) => at % 251);
  for (const offset of [0, 100, 2500, 5999]) {
    window.write(offset, bytes);
    expect(window.copy(offset, bytes.length)).toEqual(bytes);
    const other = new Window(window.handle);
    expect(other.copy(offset + 7, 2000)).toEqual(bytes.slice(7, 2007));
    expect(other.view(offset, 5000).length).toBe(1000 - (offset % 1000));
  }
});

test("a released window's memory is the next one's, which begins anew", () => {
  const first = Window.create(4096, 16);
  const slot = first.append(0, 100);
  first.advance(slot!, 100);
  first.scan();
  first.moveFront(100);
  first.setEnd(100);
  first.abort();
  first.release();
  expect(Window.create(8192, 16).handle.data).not.toBe(first.handle.data);
  const second = Window.create(4096, 16, 7);
  expect(second.handle.data).toBe(first.handle.data);
  expect(second.handle.id).not.toBe(first.handle.id);
  expect([second.front, second.scan(), second.end, second.aborted]).toEqual([7, 7, undefined, false]);
  expect(second.append(7, 9)).toBe(0);
  expect(Window.create(4096, 16).handle.data).not.toBe(first.handle.data);
});

test("an advance that wakes nobody is seen by whoever looks", () => {
  const window = Window.create(4096);
  const slot = window.append(0, 100) ?? -1;
  const seen = window.progressSignal;
  window.advance(slot, 40, false);
  window.receive(slot, 50, false);
  expect(window.progressSignal).toBe(seen);
  expect([window.scan(), window.received(slot)]).toEqual([40, 50]);
  window.advance(slot, 60);
  expect(window.progressSignal).not.toBe(seen);
});
