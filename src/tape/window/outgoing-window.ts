/** The window of an archive that is written: blobs come in any order, the stream goes out in order. */
import { AceError } from "../../errors.ts";
import type { Segment } from "./segment-table.ts";
import { newWindowHandle, Window, type WindowOptions } from "./window.ts";

/** Segments are filled by whoever has their bytes; the front is what is drained. */
export class OutgoingWindow extends Window {
  /** @throws RangeError of the engine when there is not so much memory. @see newWindowHandle */
  static create(capacityBytes: number, options: WindowOptions = {}): OutgoingWindow {
    return new OutgoingWindow(newWindowHandle("outgoing", capacityBytes, options));
  }

  /** The same window, when it is one. @throws AceError `internal` when it is not */
  static of(window: Window): OutgoingWindow {
    if (window instanceof OutgoingWindow) return window;
    throw new AceError("internal", "Cannot fill the window: an archive comes in through it");
  }

  /** Appends the segment `[start, end)` as soon as there is a slot for it. @throws AceError the first cause when the window is aborted */
  async open(start: number, end: number): Promise<Segment> {
    for (;;) {
      const segment = this.append(start, end);
      if (segment !== undefined) return segment;
      await this.waitForSlot();
    }
  }

  /** Resolves when the bytes before `end` may be written. @throws AceError the first cause when the window is aborted */
  waitForRoom(end: number): Promise<void> {
    return this.waitForFront(end - this.capacityBytes);
  }

  /** The same, and blocks the thread. */
  blockForRoom(end: number): void {
    this.blockForFront(end - this.capacityBytes);
  }

  /** True when the bytes before `end` may be written now. */
  hasRoom(end: number): boolean {
    return end - this.capacityBytes <= this.drained;
  }

  /** Says that the segment's bytes before `position` are there and may be drained. Any thread; one a segment at a time. */
  fill(segment: Segment, position: number, wakes = true): void {
    this.advance(segment, position, wakes);
  }

  /** Says that they are there, for whoever is to look at them before they may be drained. */
  receive(segment: Segment, position: number, wakes = true): void {
    this.noteReceived(segment, position, wakes);
  }

  /** What {@link receive} said last; the segment's start before that. Of a segment that is not filled yet. */
  received(segment: Segment): number {
    return this.receivedOf(segment);
  }

  /** How far it is filled without a gap. Only by the thread that drains it. */
  filled(): number {
    return this.scan();
  }

  /** What {@link filled} last found; any thread. */
  get lastFilled(): number {
    return this.scanned;
  }

  /** Everything before it has been drained; any thread. */
  get drained(): number {
    return this.front;
  }

  /** Says so, and wakes nobody; follow with {@link announceDrained}. Only by the thread that drains it. */
  drain(to: number): void {
    this.moveFront(to);
  }

  /** Wakes those who wait for room. */
  announceDrained(): void {
    this.announceFront();
  }

  /** True when the first segment that is not filled cannot be before something is drained. Only of the thread that drains it. */
  get needsDraining(): boolean {
    return this.isHeldUpAt(this.drained + this.capacityBytes);
  }

  /** Counts that the drain ran out of bytes, and waits for the high-water mark again. */
  countUnderrun(): void {
    this.addUnderrun();
  }

  /** How often {@link countUnderrun} was called; any thread. */
  get underruns(): number {
    return this.underrunCount;
  }
}

/** Bytes may be more than the window holds: they go in by this part of it, so that the other side can drain meanwhile. */
const stepPart = 4;

/**
 * Copies bytes to `offset` and fills the segment with them, waiting for room as need be.
 * @throws AceError the first cause when the window is aborted
 */
export async function fillSegment(
  window: OutgoingWindow,
  segment: Segment,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  const step = Math.max(1, Math.floor(window.capacityBytes / stepPart));
  for (let done = 0; done < bytes.length; done += step) {
    const part = bytes.subarray(done, done + step);
    const end = offset + done + part.length;
    await window.waitForRoom(end);
    window.write(end - part.length, part);
    window.fill(segment, end);
  }
}
