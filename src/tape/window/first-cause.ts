/** Why a run ends before its end: whoever fails first says it in shared memory, and whoever is stopped by that reads it there. */
import { type AceError, type ErrorData, fromErrorData, toErrorData } from "../../errors.ts";

/** Two Int32 words, state and length, then the error as JSON. */
export type CauseHandle = SharedArrayBuffer;

const stateWord = 0;
const lengthWord = 1;
const textAt = 8;

const none = 0;
const isBeingWritten = 1;
const isThere = 2;

/** Room for an error with some hundreds of details; what does not fit is left out. */
const mostBytes = 64 * 1024;

/** How long one wait for another thread's write lasts before the state is looked at again. */
const writeMs = 10;

export class FirstCause {
  readonly handle: CauseHandle;
  readonly #words: Int32Array;
  readonly #text: Uint8Array;

  constructor(handle: CauseHandle = new SharedArrayBuffer(textAt + mostBytes)) {
    this.handle = handle;
    this.#words = new Int32Array(handle, 0, 2);
    this.#text = new Uint8Array(handle, textAt);
  }

  /** Says why, unless somebody did before. To be called before anybody is stopped because of it; any thread. */
  set(error: unknown): void {
    if (Atomics.compareExchange(this.#words, stateWord, none, isBeingWritten) !== none) return;
    const bytes = encode(toErrorData(error));
    this.#text.set(bytes);
    Atomics.store(this.#words, lengthWord, bytes.length);
    Atomics.store(this.#words, stateWord, isThere);
    Atomics.notify(this.#words, stateWord);
  }

  /** What was said first; undefined when nothing was. */
  get error(): AceError | undefined {
    for (;;) {
      const state = Atomics.load(this.#words, stateWord);
      if (state === none) return undefined;
      if (state === isThere) break;
      // Another thread is at it, which takes it microseconds.
      Atomics.wait(this.#words, stateWord, isBeingWritten, writeMs);
    }
    // The decoder takes no shared memory.
    const data: ErrorData = JSON.parse(
      Buffer.from(this.#text.slice(0, Atomics.load(this.#words, lengthWord))).toString(),
    );
    return fromErrorData(data);
  }
}

function encode(data: ErrorData): Uint8Array {
  const { details = [] } = data;
  for (let kept = details.length; ; kept = Math.floor(kept / 2)) {
    const left = details.length - kept;
    const some = left === 0 ? details : [...details.slice(0, kept), `and ${left} more`];
    const bytes = Buffer.from(JSON.stringify({ ...data, details: some }));
    if (bytes.length <= mostBytes) return bytes;
    if (kept === 0) return encode({ code: data.code, message: data.message.slice(0, mostBytes / 16) });
  }
}
