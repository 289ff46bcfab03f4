/** The windows' book-keeping: places, order, room, and everybody who waits for them. */
import { describe, expect, test } from "bun:test";
import { AceError } from "../../../src/errors.ts";
import { IncomingWindow } from "../../../src/tape/window/incoming-window.ts";
import { fillSegment, OutgoingWindow } from "../../../src/tape/window/outgoing-window.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const appended = (window: OutgoingWindow | IncomingWindow, start: number, end: number) => {
  const segment = window.append(start, end);
  if (segment === undefined) throw new Error("no slot");
  return segment;
};

describe("an outgoing window", () => {
  test("is filled as far as segments are complete without a gap, in whatever order they fill", () => {
    const window = OutgoingWindow.create(1000);
    const segments = [appended(window, 0, 100), appended(window, 100, 300), appended(window, 300, 350)];
    expect(window.filled()).toBe(0);
    window.fill(segments[2]!, 350);
    window.fill(segments[1]!, 200);
    expect(window.filled()).toBe(0);
    window.fill(segments[0]!, 60);
    expect(window.filled()).toBe(60);
    window.fill(segments[0]!, 100);
    expect(window.filled()).toBe(200);
    window.fill(segments[1]!, 300);
    expect(window.filled()).toBe(350);
    expect(window.lastFilled).toBe(350);
  });

  test("is the same window through its handle", () => {
    const window = OutgoingWindow.create(1000);
    const other = new OutgoingWindow(window.handle);
    const segment = appended(window, 0, 10);
    other.write(0, Buffer.from("0123456789"));
    other.fill(segment, 10);
    other.setEnd(10);
    expect(window.filled()).toBe(10);
    expect(window.end).toBe(10);
    expect(Buffer.from(window.copy(0, 10)).toString()).toBe("0123456789");
    window.drain(7);
    expect(other.drained).toBe(7);
    expect(other.capacityBytes).toBe(1000);
  });

  test("numbers segments anew although their slots are taken in turn", async () => {
    const window = OutgoingWindow.create(1000, { slots: 3 });
    const segments = [0, 1, 2].map((at) => appended(window, at * 10, at * 10 + 10));
    expect(window.append(30, 40)).toBeUndefined();
    expect(window.needsDraining).toBe(true);
    window.fill(segments[1]!, 20);
    window.filled();
    expect(window.append(30, 40)).toBeUndefined();
    const waiting = window.waitForSlot();
    window.fill(segments[0]!, 10);
    window.filled();
    await waiting;
    expect([window.append(30, 40), window.append(40, 50), window.append(50, 60)]).toEqual([3, 4, undefined]);
  });

  test("knows offsets far beyond what 32 bits hold", () => {
    const start = 40 * 2 ** 40;
    const window = OutgoingWindow.create(1000, { start });
    const segment = appended(window, start, start + 500);
    window.fill(segment, start + 499);
    expect(window.filled()).toBe(start + 499);
    expect(window.drained).toBe(start);
    window.setEnd(start + 500);
    expect(window.end).toBe(start + 500);
  });

  test("says when the first segment that is not filled cannot be without room", () => {
    const window = OutgoingWindow.create(1000);
    expect(window.needsDraining).toBe(false);
    const first = appended(window, 0, 900);
    appended(window, 900, 1100);
    expect(window.needsDraining).toBe(false);
    window.fill(first, 900);
    window.filled();
    expect(window.needsDraining).toBe(true);
    window.drain(100);
    expect(window.needsDraining).toBe(false);
  });

  test("lets bytes in that are more than it holds, as room comes", async () => {
    const window = OutgoingWindow.create(1000);
    const bytes = seededBytes("much", 2500);
    const segment = await window.open(0, bytes.length);
    const filling = fillSegment(window, segment, 0, bytes);
    const drained: Uint8Array[] = [];
    while (window.drained < bytes.length) {
      const filled = window.filled();
      drained.push(window.copy(window.drained, filled - window.drained));
      window.drain(filled);
      window.announceDrained();
      await Bun.sleep(1);
    }
    await filling;
    expect(Buffer.concat(drained).equals(Buffer.from(bytes))).toBe(true);
  });

  test("a fill that wakes nobody is seen by whoever looks", () => {
    const window = OutgoingWindow.create(4096);
    const segment = appended(window, 0, 100);
    const seen = window.progressSignal;
    window.fill(segment, 40, false);
    window.receive(segment, 50, false);
    expect(window.progressSignal).toBe(seen);
    expect([window.filled(), window.received(segment)]).toEqual([40, 50]);
    window.fill(segment, 60);
    expect(window.progressSignal).not.toBe(seen);
  });
});

describe("a segment that is complete", () => {
  test("stays so: what is said of it afterwards does not throw back the one that has its slot", () => {
    const window = OutgoingWindow.create(1 << 20, { slots: 4 });
    const chunked = appended(window, 0, 1000);
    window.fill(chunked, 1000);
    expect(window.filled()).toBe(1000);
    for (const at of [1, 2, 3]) window.fill(appended(window, at * 1000, at * 1000 + 1000), at * 1000 + 1000);
    expect(window.filled()).toBe(4000);
    const next = appended(window, 4000, 5000);
    expect(next).not.toBe(chunked);
    window.fill(next, 5000);
    // A registry acknowledges the last chunk, and then, much later, the whole blob.
    window.fill(chunked, 1000);
    window.receive(chunked, 1000);
    expect(window.filled()).toBe(5000);
  });

  test("only moves on: an earlier position changes nothing", () => {
    const window = IncomingWindow.create(1000);
    const segment = appended(window, 0, 100);
    window.release(segment, 70);
    window.release(segment, 30);
    expect(window.released()).toBe(70);
  });
});

describe("an incoming window", () => {
  test("has room for what was released without a gap", () => {
    const window = IncomingWindow.create(100);
    expect(window.room()).toBe(100);
    window.arrive(seededBytes("in", 100));
    expect([window.room(), window.arrived]).toEqual([0, 100]);
    const [first, second] = [appended(window, 0, 40), appended(window, 40, 100)];
    window.release(second, 60);
    expect(window.room()).toBe(0);
    window.release(first, 40);
    expect(window.room()).toBe(60);
    expect(window.lastReleased).toBe(60);
  });

  test("wakes whoever waits for bytes, and only when they are there", async () => {
    const window = IncomingWindow.create(1000);
    let arrived = false;
    const waiting = window.waitForArrival(50).then(() => {
      arrived = true;
    });
    window.arrive(new Uint8Array(49));
    await Bun.sleep(5);
    expect(arrived).toBe(false);
    window.arrive(new Uint8Array(1));
    await waiting;
  });

  test("lets waiting end with the stream", async () => {
    const window = IncomingWindow.create(1000);
    const beyond = window.waitForArrival(500);
    window.arrive(new Uint8Array(20));
    window.setEnd(20);
    await beyond;
  });
});

describe("both", () => {
  test("put bytes around their edge, and take them out again", () => {
    const window = OutgoingWindow.create(1000);
    const bytes = seededBytes("edge", 700);
    for (const offset of [0, 299, 300, 301, 999, 1000, 123_456_789_999]) {
      window.write(offset, bytes);
      expect(Buffer.from(window.copy(offset, 700)).equals(Buffer.from(bytes))).toBe(true);
      const view = window.view(offset, 700);
      expect(view.length).toBe(Math.min(700, 1000 - (offset % 1000)));
      expect(view.byteOffset).toBe(offset % 1000);
    }
  });

  test("fail all who wait when they are aborted, each with the first cause", async () => {
    const window = OutgoingWindow.create(1000, { slots: 1 });
    appended(window, 0, 10);
    const waits = Promise.allSettled([window.waitForRoom(1500), window.waitForSlot()]);
    window.abort(new AceError("medium", "Cannot write tape: no space left on it"));
    window.abort(new AceError("network", "Cannot get blob: the connection was closed"));
    for (const wait of await waits)
      expect(wait).toMatchObject({ status: "rejected", reason: { code: "medium" } });
    expect(window.aborted).toBe(true);
    expect(() => window.throwIfAborted()).toThrow("no space left");
  });

  test("fail them as stopped when nobody gave a cause", () => {
    const window = IncomingWindow.create(1000);
    window.abort();
    expect(() => window.throwIfAborted()).toThrow("stopped");
  });

  test("memory in several pieces is one ring: bytes go over the edges, views end there", () => {
    const window = OutgoingWindow.create(3000, { slots: 16, chunkBytes: 1000 });
    expect(window.capacityBytes).toBe(3000);
    const bytes = Uint8Array.from({ length: 2800 }, (_, at) => at % 251);
    for (const offset of [0, 100, 2500, 5999]) {
      window.write(offset, bytes);
      expect(window.copy(offset, bytes.length)).toEqual(bytes);
      const other = new OutgoingWindow(window.handle);
      expect(other.copy(offset + 7, 2000)).toEqual(bytes.slice(7, 2007));
      expect(other.view(offset, 5000).length).toBe(1000 - (offset % 1000));
    }
  });

  test("memory that is given back is the next one's, which begins anew", () => {
    const first = OutgoingWindow.create(4096, { slots: 16 });
    const segment = appended(first, 0, 100);
    first.fill(segment, 100);
    first.filled();
    first.drain(100);
    first.setEnd(100);
    first.abort();
    first.giveBack();
    expect(OutgoingWindow.create(8192, { slots: 16 }).handle.data).not.toBe(first.handle.data);
    const second = OutgoingWindow.create(4096, { slots: 16, start: 7 });
    expect(second.handle.data).toBe(first.handle.data);
    expect(second.handle.id).not.toBe(first.handle.id);
    expect([second.drained, second.filled(), second.end, second.aborted]).toEqual([7, 7, undefined, false]);
    expect(second.append(7, 9)).toBe(0);
    expect(OutgoingWindow.create(4096, { slots: 16 }).handle.data).not.toBe(first.handle.data);
  });
});
