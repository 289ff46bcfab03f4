/**
 * How the tape of a drive runs: the drive has a buffer, which the tape empties at its own pace. When it is empty the tape has run past its
 * place and must go back (a back-hitch), which costs time and wears tape and heads.
 */

/** The pace of a drive. */
export interface StreamingSettings {
  bufferBytes: number;
  bytesPerSecond: number;
  /** What a back-hitch takes; no time when left out. */
  backHitchMs?: number;
}

/** Reckons the level of the buffer at each command; what it gives is how long the command has to wait. */
export class Streaming {
  /** How often the tape had to stop because nothing came in time. */
  underruns = 0;
  /** How often it had to stop because somebody wanted the buffer empty: a filemark, a flush, a move to another place. */
  flushes = 0;
  /** How long the tape ran, milliseconds. */
  streamedMs = 0;
  readonly #pace: StreamingSettings;
  #level = 0;
  #moving = false;
  /** The level is of this moment; in the future while the tape goes back. */
  #atMs = 0;
  #stopped = false;

  constructor(pace: StreamingSettings) {
    this.#pace = pace;
  }

  /** A block comes into the buffer; a tape that stands starts when it is half full. */
  take(bytes: number, nowMs = performance.now()): number {
    this.#advance(nowMs);
    this.#level += bytes;
    if (!this.#moving && this.#level >= this.#pace.bufferBytes / 2) this.#start(nowMs);
    if (this.#level <= this.#pace.bufferBytes) return 0;
    return this.#atMs - nowMs + this.#msFor(this.#level - this.#pace.bufferBytes);
  }

  /** What is in the buffer has to be on the tape, and the tape stops. */
  flush(nowMs = performance.now()): number {
    this.#advance(nowMs);
    if (this.#level === 0) return 0;
    if (!this.#moving) this.#start(nowMs);
    const emptyMs = this.#msFor(this.#level);
    const waitMs = this.#atMs - nowMs + emptyMs;
    this.streamedMs += emptyMs;
    this.flushes++;
    this.#stop();
    return waitMs;
  }

  #start(nowMs: number): void {
    this.#moving = true;
    this.#atMs = nowMs + (this.#stopped ? (this.#pace.backHitchMs ?? 0) : 0);
  }

  #stop(): void {
    this.#moving = false;
    this.#stopped = true;
    this.#level = 0;
  }

  #advance(nowMs: number): void {
    if (!this.#moving || nowMs <= this.#atMs) return;
    const emptyMs = this.#msFor(this.#level);
    const passedMs = nowMs - this.#atMs;
    this.streamedMs += Math.min(passedMs, emptyMs);
    if (passedMs >= emptyMs) {
      this.underruns++;
      this.#stop();
      return;
    }
    this.#level -= (passedMs / 1000) * this.#pace.bytesPerSecond;
    this.#atMs = nowMs;
  }

  #msFor(bytes: number): number {
    return (bytes / this.#pace.bytesPerSecond) * 1000;
  }
}
