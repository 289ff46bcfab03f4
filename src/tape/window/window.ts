/**
 * The window: a sliding view over the archive's address space, shared by every thread of a run.
 *
 * Byte `p` of the archive lives at `p mod capacity`. Segments are appended in archive order by one thread; each is advanced by
 * whoever works on it, in any order; one thread scans how far the segments are complete without a gap, another fact moves the front:
 *
 * - writing an archive: segments are *filled* by blob workers, `scan()` is what the writer may drain, the front is what is drained,
 *   and a filler may write byte `p` once `p < front + capacity`;
 * - reading an archive: the front is what the reader has filled, segments are *released* by those who are done with the bytes,
 *   and the reader may overwrite everything before `scan()`.
 */
import { AceError } from "../../errors.ts";
import { type CauseHandle, FirstCause } from "./first-cause.ts";
import { giveBackMemory, RingMemory, type SharedMemory, takeMemory } from "./window-memory.ts";

/** What crosses a thread boundary. */
export interface WindowHandle extends SharedMemory {
  /** Tells windows of a run apart on every thread: a clone's buffers are the same memory, but other objects. */
  id: number;
  /** Windows of one run share it. */
  cause: CauseHandle;
}

// Int32 words at the start of the control buffer.
const progressWord = 0;
const frontWord = 1;
const stateWord = 2;
const headWord = 3;
const tailWord = 4;
const underrunsWord = 5;
// Int64 words, counted from byte 64.
const frontCell = 0;
const endCell = 1;
const scanCell = 2;
const cellsAt = 64;
const slotsAt = 128;
/** Start, end, progress, received: four 64-bit words a segment. */
const slotCells = 4;

const stateOpen = 0;
const stateAborted = 2;

/** Segments that may be open at a time; 2^14 of them take 512 KiB and are more than any concurrency needs. */
const defaultSlots = 16_384;

let lastId = 0;

export class Window {
  readonly handle: WindowHandle;
  readonly capacityBytes: number;
  /** Why it was aborted. */
  readonly cause: FirstCause;
  #stopSignal: AbortSignal | undefined;
  readonly #memory: RingMemory;
  readonly #words: Int32Array;
  readonly #cells: BigInt64Array;
  readonly #bounds: Float64Array;
  readonly #progress: BigInt64Array;
  /** How many segments can be open; they take turns in the slots. */
  readonly slots: number;

  /**
   * Makes a window, in the memory of a {@link release released} one if that is as large. All windows of a process are made by one thread.
   * @param capacityBytes a multiple of `chunkBytes`
   * @param start the archive offset that its first segment begins at
   * @param chunkBytes of one piece of memory: a multiple of every block size that is to be drained from it. The engine gives at most 4 GiB
   * @throws AceError `usage` when there is not so much memory
   */
  static create(
    capacityBytes: number,
    slots = defaultSlots,
    start = 0,
    chunkBytes = capacityBytes,
    cause = new FirstCause(),
  ): Window {
    const controlBytes = slotsAt + slots * slotCells * 8;
    const window = new Window({
      id: ++lastId,
      cause: cause.handle,
      ...takeMemory({ capacityBytes, chunkBytes, controlBytes }),
    });
    Atomics.store(window.#cells, endCell, -1n);
    Atomics.store(window.#cells, frontCell, BigInt(start));
    Atomics.store(window.#cells, scanCell, BigInt(start));
    return window;
  }

  constructor(handle: WindowHandle) {
    this.handle = handle;
    this.cause = new FirstCause(handle.cause);
    this.#memory = new RingMemory(handle.data);
    this.capacityBytes = this.#memory.capacityBytes;
    this.#words = new Int32Array(handle.control, 0, 16);
    this.#cells = new BigInt64Array(handle.control, cellsAt, 8);
    this.#bounds = new Float64Array(handle.control, slotsAt);
    this.#progress = new BigInt64Array(handle.control, slotsAt);
    this.slots = this.#progress.length / slotCells;
  }

  /**
   * Lets another window have the memory. Only by the thread that made it, once, and only when no thread uses it or waits for it any
   * more: a batch of archives would keep a window's memory for each otherwise.
   */
  release(): void {
    giveBackMemory(this.handle);
  }

  /**
   * Announces the next segment `[start, end)`; segments follow each other without a gap. One thread only.
   * @returns the slot to give to {@link advance}, or undefined while all slots are taken (see {@link waitForSlot})
   */
  append(start: number, end: number): number | undefined {
    const head = Atomics.load(this.#words, headWord);
    if (head - Atomics.load(this.#words, tailWord) >= this.slots) return undefined;
    const at = (head % this.slots) * slotCells;
    this.#bounds[at] = start;
    this.#bounds[at + 1] = end;
    Atomics.store(this.#progress, at + 2, BigInt(start));
    Atomics.store(this.#progress, at + 3, BigInt(start));
    Atomics.store(this.#words, headWord, head + 1);
    this.#signal(progressWord);
    return head % this.slots;
  }

  /** Waits until {@link append} can succeed. */
  async waitForSlot(): Promise<void> {
    while (Atomics.load(this.#words, headWord) - Atomics.load(this.#words, tailWord) >= this.slots) {
      const seen = Atomics.load(this.#words, frontWord);
      this.throwIfAborted();
      await this.#sleep(frontWord, seen, 50);
    }
  }

  /**
   * Says that everything of the segment before `position` (an archive offset) is done. Any thread; one a segment at a time.
   * @param wakes whether whoever sleeps is to look at it now, and not only when it looks again by itself or the next time
   */
  advance(slot: number, position: number, wakes = true): void {
    Atomics.store(this.#progress, slot * slotCells + 2, BigInt(position));
    if (wakes) this.#signal(progressWord);
  }

  /** Says that everything of the segment before `position` is in the window, for whoever is to look at it before it counts as done. */
  receive(slot: number, position: number, wakes = true): void {
    Atomics.store(this.#progress, slot * slotCells + 3, BigInt(position));
    if (wakes) this.#signal(progressWord);
  }

  /** The archive offset that {@link receive} said last; the segment's start before that. */
  received(slot: number): number {
    return Number(Atomics.load(this.#progress, slot * slotCells + 3));
  }

  /** How far the segments are complete without a gap. One thread only: it retires complete segments as it goes. */
  scan(): number {
    const head = Atomics.load(this.#words, headWord);
    const oldTail = Atomics.load(this.#words, tailWord);
    let tail = oldTail;
    let reached = Number(Atomics.load(this.#cells, scanCell));
    while (tail < head) {
      const at = (tail % this.slots) * slotCells;
      reached = Number(Atomics.load(this.#progress, at + 2));
      if (reached < (this.#bounds[at + 1] ?? 0)) break;
      tail++;
    }
    Atomics.store(this.#cells, scanCell, BigInt(reached));
    Atomics.store(this.#words, tailWord, tail);
    // Somebody may wait for a slot, while the front stays where it is.
    if (tail > oldTail && head - oldTail >= this.slots) this.#signal(frontWord);
    return reached;
  }

  /** What {@link scan} last found; any thread. */
  get scanned(): number {
    return Number(Atomics.load(this.#cells, scanCell));
  }

  /** True when the first incomplete segment reaches beyond the window, so that it cannot complete before the front moves. */
  get headNeedsRoom(): boolean {
    const tail = Atomics.load(this.#words, tailWord);
    const head = Atomics.load(this.#words, headWord);
    if (head - tail >= this.slots) return true;
    if (tail === head) return false;
    return (this.#bounds[(tail % this.slots) * slotCells + 1] ?? 0) > this.front + this.capacityBytes;
  }

  /** Counts that the writer ran out of bytes, and waits for the high-water mark again. */
  countUnderrun(): void {
    Atomics.add(this.#words, underrunsWord, 1);
  }

  /** How often {@link countUnderrun} was called; any thread. */
  get underruns(): number {
    return Atomics.load(this.#words, underrunsWord);
  }

  get front(): number {
    return Number(Atomics.load(this.#cells, frontCell));
  }

  /** Moves the front without waking anybody; follow with {@link announceFront}. One thread only. */
  moveFront(to: number): void {
    Atomics.store(this.#cells, frontCell, BigInt(to));
  }

  /** Wakes all who wait for the front. */
  announceFront(): void {
    this.#signal(frontWord);
  }

  /** Resolves when the front has reached `target`. Does not block the thread. Throws when the window is aborted. */
  async waitForFront(target: number): Promise<void> {
    for (;;) {
      const seen = Atomics.load(this.#words, frontWord);
      this.throwIfAborted();
      if (this.front >= target || (this.end ?? Number.POSITIVE_INFINITY) <= this.front) return;
      await this.#sleep(frontWord, seen, 1000);
    }
  }

  /** Blocks the thread until the front is at `target` or beyond. @throws AceError the first cause when the window is aborted */
  blockForFront(target: number): void {
    for (;;) {
      const seen = Atomics.load(this.#words, frontWord);
      this.throwIfAborted();
      if (this.front >= target) return;
      Atomics.wait(this.#words, frontWord, seen, 1000);
    }
  }

  /** Blocks the thread until a segment, the end or the state changed after `seen` ({@link progressSignal}), or the time is up. */
  blockForProgress(seen: number, timeoutMs: number): void {
    Atomics.wait(this.#words, progressWord, seen, timeoutMs);
  }

  /** A counter that changes with every {@link advance}; read it before looking, give it to {@link blockForProgress}. */
  get progressSignal(): number {
    return Atomics.load(this.#words, progressWord);
  }

  /** Resolves when something advanced after `seen`, or the time is up. Does not block the thread. */
  waitForProgress(seen: number, timeoutMs: number): Promise<void> {
    return this.#sleep(progressWord, seen, timeoutMs);
  }

  /** Where the stream ends; undefined until it is known. */
  get end(): number | undefined {
    const end = Number(Atomics.load(this.#cells, endCell));
    return end < 0 ? undefined : end;
  }

  /** Says where the stream ends. */
  setEnd(at: number): void {
    Atomics.store(this.#cells, endCell, BigInt(at));
    this.#signal(progressWord);
    this.#signal(frontWord);
  }

  /** Stops everybody: waiting calls throw, loops end. @param cause why, unless somebody said so before; undefined at the end of a run */
  abort(cause?: unknown): void {
    if (cause !== undefined) this.cause.set(cause);
    Atomics.store(this.#words, stateWord, stateAborted);
    Atomics.notify(this.#words, stateWord);
    this.#signal(progressWord);
    this.#signal(frontWord);
  }

  get aborted(): boolean {
    return Atomics.load(this.#words, stateWord) !== stateOpen;
  }

  /** @throws AceError the first cause; `stopped` when it was aborted without one */
  throwIfAborted(): void {
    if (this.aborted) throw this.#abortError();
  }

  #abortError(): AceError {
    return this.cause.error ?? new AceError("stopped", "Cannot go on: the run was stopped");
  }

  /** Fires when the window is aborted, with what {@link throwIfAborted} throws: for whatever waits for something else meanwhile. */
  get stopSignal(): AbortSignal {
    this.#stopSignal ??= this.#newStopSignal();
    return this.#stopSignal;
  }

  #newStopSignal(): AbortSignal {
    const controller = new AbortController();
    const stop = () => controller.abort(this.#abortError());
    const wait = Atomics.waitAsync(this.#words, stateWord, stateOpen);
    if (wait.async) void wait.value.then(stop);
    else stop();
    return controller.signal;
  }

  /** Copies bytes in at an archive offset, around edges when need be. The caller has made sure that there is room. */
  write(offset: number, chunk: Uint8Array): void {
    this.#memory.write(offset, chunk);
  }

  /** A view from `offset` on of at most `length` bytes, shorter at the edge of a piece of the memory. Owned by the window. */
  view(offset: number, length: number): Uint8Array {
    return this.#memory.view(offset, length);
  }

  /** A copy of `length` bytes from `offset` on. */
  copy(offset: number, length: number): Uint8Array {
    return this.#memory.copy(offset, length);
  }

  #signal(word: number): void {
    Atomics.add(this.#words, word, 1);
    Atomics.notify(this.#words, word);
  }

  async #sleep(word: number, seen: number, timeoutMs: number): Promise<void> {
    const wait = Atomics.waitAsync(this.#words, word, seen, timeoutMs);
    if (wait.async) await wait.value;
  }
}
