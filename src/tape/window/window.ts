/**
 * The window: a sliding view over the archive's address space, shared by every thread of a run. Byte `p` of the archive lives at
 * `p mod capacity` of a ring of shared memory.
 *
 * An archive that is written goes through an {@link OutgoingWindow}: many fill it in any order, one drains it in order. One that is
 * read goes through an {@link IncomingWindow}: one fills it in order, many let go of what they have used in any order. Both are made of
 * this: segments that are appended in archive order by one thread, and advanced in any order by whoever works on them; a *front*, which
 * the one side moves in order; and the *scan*, which tells how far all segments are advanced without a gap.
 */
import { AceError } from "../../errors.ts";
import { longestWaitMs } from "../../system/system-calls.ts";
import { type CauseHandle, FirstCause } from "./first-cause.ts";
import { type Segment, SegmentTable, usualSlots } from "./segment-table.ts";
import { giveBackMemory, RingMemory, type SharedMemory, takeMemory } from "./window-memory.ts";

/** What crosses a thread boundary. */
export interface WindowHandle extends SharedMemory {
  /** Tells windows of a run apart on every thread: a clone's buffers are the same memory, but other objects. */
  id: number;
  /** Which way the archive goes. */
  kind: "outgoing" | "incoming";
  /** Windows of one run share it. */
  cause: CauseHandle;
}

/** How a window is made. */
export interface WindowOptions {
  /** Segments that may be open at a time. */
  slots?: number | undefined;
  /** The archive offset that its first segment begins at; 0 when left out. */
  start?: number | undefined;
  /** Bytes of one piece of memory: a multiple of every block size that is to be drained. The engine gives at most 4 GiB at once. */
  chunkBytes?: number | undefined;
  /** Of the run; its own when left out. */
  cause?: FirstCause | undefined;
}

// Int32 words at the start of the control memory; the segments have two behind them.
const progressWord = 0;
const frontWord = 1;
const stateWord = 2;
const underrunsWord = 5;
// Int64 words, counted from byte 64; the segments have one behind them.
const frontCell = 0;
const endCell = 1;
const cellsAt = 64;

const stateOpen = 0;
const stateAborted = 2;

/** For a slot, of which only the thread that scans tells. */
const slotWaitMs = 50;

let lastId = 0;

/**
 * The shared words and memory of a new window, in the memory of one that was given back if that is as large. All windows of a
 * process are made by one thread.
 * @param capacityBytes a multiple of `chunkBytes`
 * @throws RangeError of the engine when there is not so much memory
 */
export function newWindowHandle(
  kind: WindowHandle["kind"],
  capacityBytes: number,
  { slots = usualSlots, start = 0, chunkBytes = capacityBytes, cause = new FirstCause() }: WindowOptions,
): WindowHandle {
  const controlBytes = SegmentTable.controlBytes(slots);
  const memory = takeMemory({ capacityBytes, chunkBytes, controlBytes });
  const cells = new BigInt64Array(memory.control, cellsAt, 2);
  Atomics.store(cells, endCell, -1n);
  Atomics.store(cells, frontCell, BigInt(start));
  new SegmentTable(memory.control).begin(start);
  return { id: ++lastId, kind, cause: cause.handle, ...memory };
}

export abstract class Window {
  readonly handle: WindowHandle;
  readonly capacityBytes: number;
  /** Why it was aborted. */
  readonly cause: FirstCause;
  /** How many segments can be open at a time. */
  readonly slots: number;
  #stopSignal: AbortSignal | undefined;
  readonly #memory: RingMemory;
  readonly #words: Int32Array;
  readonly #cells: BigInt64Array;
  readonly #segments: SegmentTable;

  /** @param handle of {@link newWindowHandle}, on whatever thread */
  constructor(handle: WindowHandle) {
    this.handle = handle;
    this.cause = new FirstCause(handle.cause);
    this.#memory = new RingMemory(handle.data);
    this.capacityBytes = this.#memory.capacityBytes;
    this.#words = new Int32Array(handle.control, 0, 8);
    this.#cells = new BigInt64Array(handle.control, cellsAt, 2);
    this.#segments = new SegmentTable(handle.control);
    this.slots = this.#segments.slots;
  }

  /**
   * Lets another window have the memory. Only by the thread that made it, once, and only when no thread uses it or waits for it any
   * more: a batch of archives would keep a window's memory for each otherwise.
   */
  giveBack(): void {
    giveBackMemory(this.handle);
  }

  /**
   * Announces the next segment `[start, end)`; segments follow each other without a gap. One thread only.
   * @returns undefined while all slots are taken (see {@link waitForSlot})
   */
  append(start: number, end: number): Segment | undefined {
    const segment = this.#segments.append(start, end);
    if (segment !== undefined) this.#signal(progressWord);
    return segment;
  }

  /** Waits until {@link append} can succeed. @throws AceError the first cause when the window is aborted */
  async waitForSlot(): Promise<void> {
    while (this.#segments.isFull) {
      const seen = Atomics.load(this.#words, frontWord);
      this.throwIfAborted();
      await this.#sleep(frontWord, seen, slotWaitMs);
    }
  }

  /** Says that a segment is done before `position` (an archive offset). @param wakes whoever sleeps; else it is seen at the next look */
  protected advance(segment: Segment, position: number, wakes: boolean): void {
    this.#segments.advance(segment, position);
    if (wakes) this.#signal(progressWord);
  }

  /** The same of what only {@link receivedOf} tells. */
  protected noteReceived(segment: Segment, position: number, wakes: boolean): void {
    this.#segments.receive(segment, position);
    if (wakes) this.#signal(progressWord);
  }

  protected receivedOf(segment: Segment): number {
    return this.#segments.received(segment);
  }

  /** How far the segments are advanced without a gap. One thread only: it retires complete ones as it goes. */
  protected scan(): number {
    const { reached, hasRoomAgain } = this.#segments.scan();
    // Somebody may wait for a slot, while the front stays where it is.
    if (hasRoomAgain) this.#signal(frontWord);
    return reached;
  }

  /** What {@link scan} last found; any thread. */
  protected get scanned(): number {
    return this.#segments.scanned;
  }

  /** True when the first segment that is not complete reaches beyond an offset, or no other one can be appended. Of the thread that scans. */
  protected isHeldUpAt(offset: number): boolean {
    const { firstEnd } = this.#segments;
    return this.#segments.isFull || (firstEnd !== undefined && firstEnd > offset);
  }

  protected get front(): number {
    return Number(Atomics.load(this.#cells, frontCell));
  }

  /** Moves the front without waking anybody; follow with {@link announceFront}. One thread only. */
  protected moveFront(to: number): void {
    Atomics.store(this.#cells, frontCell, BigInt(to));
  }

  /** Wakes all who wait for the front. */
  protected announceFront(): void {
    this.#signal(frontWord);
  }

  /**
   * Resolves when the front has reached `target`, or is at the end. Does not block the thread.
   * @throws AceError the first cause when the window is aborted
   */
  protected async waitForFront(target: number): Promise<void> {
    for (;;) {
      const seen = Atomics.load(this.#words, frontWord);
      this.throwIfAborted();
      if (this.front >= target || (this.end ?? Number.POSITIVE_INFINITY) <= this.front) return;
      await this.#sleep(frontWord, seen, longestWaitMs);
    }
  }

  /** Blocks the thread until the front is at `target` or beyond. @throws AceError the first cause when the window is aborted */
  protected blockForFront(target: number): void {
    for (;;) {
      const seen = Atomics.load(this.#words, frontWord);
      this.throwIfAborted();
      if (this.front >= target) return;
      Atomics.wait(this.#words, frontWord, seen, longestWaitMs);
    }
  }

  protected addUnderrun(): void {
    Atomics.add(this.#words, underrunsWord, 1);
  }

  protected get underrunCount(): number {
    return Atomics.load(this.#words, underrunsWord);
  }

  /** Blocks the thread until a segment, the end or the state changed after `seen` ({@link progressSignal}), or the time is up. */
  blockForProgress(seen: number, timeoutMs: number): void {
    Atomics.wait(this.#words, progressWord, seen, timeoutMs);
  }

  /** A counter that changes with everything that is done to a segment; read it before looking, give it to {@link blockForProgress}. */
  get progressSignal(): number {
    return Atomics.load(this.#words, progressWord);
  }

  /** Resolves when something changed after `seen`, or the time is up. Does not block the thread. */
  waitForProgress(seen: number, timeoutMs: number): Promise<void> {
    return this.#sleep(progressWord, seen, timeoutMs);
  }

  /** Where the archive ends; undefined until it is known. */
  get end(): number | undefined {
    const end = Number(Atomics.load(this.#cells, endCell));
    return end < 0 ? undefined : end;
  }

  /** Says where the archive ends. */
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
