/** The window of an archive that is read: the stream comes in order, blobs leave in any order. */
import { AceError } from "../../errors.ts";
import type { Segment } from "./segment-table.ts";
import { newWindowHandle, Window, type WindowOptions } from "./window.ts";

/** The front is what has arrived; segments are released by whoever is done with their bytes. */
export class IncomingWindow extends Window {
  /** @throws RangeError of the engine when there is not so much memory. @see newWindowHandle */
  static create(capacityBytes: number, options: WindowOptions = {}): IncomingWindow {
    return new IncomingWindow(newWindowHandle("incoming", capacityBytes, options));
  }

  /** The same window, when it is one. @throws AceError `internal` when it is not */
  static of(window: Window): IncomingWindow {
    if (window instanceof IncomingWindow) return window;
    throw new AceError("internal", "Cannot release the window: an archive goes out through it");
  }

  /** Everything before it is there; any thread. */
  get arrived(): number {
    return this.front;
  }

  /** Puts bytes behind what has arrived. There must be {@link room}. Only by the thread that reads the stream. */
  arrive(bytes: Uint8Array): void {
    const { front } = this;
    this.write(front, bytes);
    this.moveFront(front + bytes.length);
    this.announceFront();
  }

  /** Bytes that may arrive now. Only by the thread that reads the stream. */
  room(): number {
    return this.scan() + this.capacityBytes - this.front;
  }

  /** Resolves when the bytes before `position` have arrived, or all there will ever be. @throws AceError the first cause when the window is aborted */
  waitForArrival(position: number): Promise<void> {
    return this.waitForFront(position);
  }

  /** Says that the segment's bytes before `position` are not needed any more. Any thread; one a segment at a time. */
  release(segment: Segment, position: number): void {
    this.advance(segment, position, true);
  }

  /** How far it is released without a gap. Only by the thread that reads the stream; by another one when that has ended. */
  released(): number {
    return this.scan();
  }

  /** What {@link released} last found; any thread. */
  get lastReleased(): number {
    return this.scanned;
  }
}
