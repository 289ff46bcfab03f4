/** The two steps by which one thread puts bytes into a window in order: a segment for them, then the bytes as room comes. */
import type { Window } from "./window.ts";

/**
 * Appends the segment `[start, end)`, as soon as there is a slot for it.
 * @returns the slot
 * @throws AceError the first cause when the window is aborted
 */
export async function openSegment(window: Window, start: number, end: number): Promise<number> {
  for (;;) {
    const slot = window.append(start, end);
    if (slot !== undefined) return slot;
    await window.waitForSlot();
  }
}

/** Bytes may be more than the window holds: they go in by this part of it, so that the other side can drain meanwhile. */
const stepPart = 4;

/**
 * Copies bytes to `offset` and advances the segment in `slot` with them, waiting for room as need be.
 * @throws AceError the first cause when the window is aborted
 */
export async function fillSegment(
  window: Window,
  slot: number,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  const step = Math.max(1, Math.floor(window.capacityBytes / stepPart));
  for (let done = 0; done < bytes.length; done += step) {
    const part = bytes.subarray(done, done + step);
    const end = offset + done + part.length;
    await window.waitForFront(end - window.capacityBytes);
    window.write(end - part.length, part);
    window.advance(slot, end);
  }
}
