/** Where the head of a drive that is written to stands, by our count, and the drive's word beside it. After the first doubt nothing is done any more. */
import { AceError, systemCodeOf, systemState } from "../../errors.ts";
import type { TapeDevice, TapeOperation } from "../drive/tape-device.ts";
import { afterFailure } from "./after-failure.ts";

export class TapeHead {
  readonly #device: TapeDevice;
  readonly #name: string;
  readonly #startBlock: number | undefined;
  /** Tape blocks and filemarks behind the start. */
  blocks: number;
  /** Bytes of the archive in front of the head. */
  bytes: number;
  /** How much of it a flush has brought onto the tape. */
  #flushed: { blocks: number; bytes: number };
  /** Why nothing may be done any more. */
  #lost: AceError | undefined;

  /**
   * @param startBlock where the data begin, in blocks and filemarks; undefined when the drive cannot tell
   * @param earlier what an earlier run wrote behind that: the head stands behind it
   */
  constructor(
    device: TapeDevice,
    name: string,
    startBlock: number | undefined,
    earlier: { blocks: number; bytes: number },
  ) {
    this.#device = device;
    this.#name = name;
    this.#startBlock = startBlock;
    this.blocks = earlier.blocks;
    this.bytes = earlier.bytes;
    this.#flushed = earlier;
  }

  /** True when nobody knows any more where it stands. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** True when a flush would have nothing to do. */
  get isFlushed(): boolean {
    return this.#flushed.blocks === this.blocks;
  }

  /** @throws AceError the first doubt */
  throwIfLost(): void {
    if (this.#lost !== undefined) throw this.#lost;
  }

  /** Says that all in front of the head is on the tape: the drive has been asked for its position after it emptied its buffer. */
  settle(): void {
    this.#flushed = { blocks: this.blocks, bytes: this.bytes };
  }

  /** Writes a filemark; all in front of it is on the tape then. */
  mark(): void {
    this.act("filemarks", 1, "write a filemark on");
    this.blocks++;
    this.settle();
  }

  /** @returns true when they reached the early warning. @throws AceError `medium`; then the place is lost */
  finishWrites(): boolean {
    try {
      return this.#device.finishWrites();
    } catch (cause) {
      throw this.lose(`Cannot flush ${this.#name}: ${systemState(cause)}`, cause);
    }
  }

  /** @throws AceError `medium`; then the place is lost */
  act(operation: TapeOperation, count: number, verb: string): void {
    try {
      try {
        this.#device.operate(operation, count);
      } catch (cause) {
        if (systemCodeOf(cause) !== "ENOSPC") throw cause;
        // Of a write that st does behind our back: all of it is there, it reached the early warning, and the operation was not tried
        // (st.c, write_behind_check).
        this.#device.operate(operation, count);
      }
    } catch (cause) {
      const state = systemState(cause, { ENOSPC: "the tape is full" });
      throw this.lose(`Cannot ${verb} ${this.#name}: ${state}`, cause);
    }
  }

  /** True when the drive says that it stands so many blocks behind where it should; false also when it does not say. */
  isAhead(blocks: number): boolean {
    return (
      this.#startBlock !== undefined && this.#device.position() === this.#startBlock + this.blocks + blocks
    );
  }

  /** Brings the head back from as many blocks, at most, as it is too far ahead. @param strays how many, for a drive that does not say */
  takeBack(most: number, strays: number): void {
    if (this.#startBlock === undefined) {
      if (strays > 0) this.act("backBlocks", strays, "go back on");
      return;
    }
    const expected = this.#startBlock + this.blocks;
    const found = this.#device.position() ?? expected;
    if (found > expected && found - expected <= most) this.act("seek", expected, "go back on");
  }

  /** Goes back to so many blocks behind the start. @param strays blocks that stand behind the head's count */
  goBackTo(blocks: number, strays: number): void {
    const back = this.blocks + strays - blocks;
    this.blocks = blocks;
    if (this.#startBlock !== undefined) this.act("seek", this.#startBlock + blocks, "go back on");
    else if (back > 0) this.act("backBlocks", back, "go back on");
    this.comparePosition();
  }

  /** The drive's own count against ours: it finds a rewind that nobody told us of, and blocks that were not stored. */
  comparePosition(): void {
    if (this.#startBlock === undefined) return;
    const expected = this.#startBlock + this.blocks;
    const found = this.#device.position();
    if (found === expected) return;
    const where = found === undefined ? "does not say where it is" : `is at block ${found}`;
    throw this.lose(
      `Cannot trust ${this.#name}: the tape ${where}, and should be at block ${expected}`,
      undefined,
    );
  }

  /** @returns the error that everything ends with from now on; it names the last flush */
  lose(message: string, cause: unknown): AceError {
    const { blocks, bytes } = this.#flushed;
    const place =
      this.#startBlock === undefined
        ? `${blocks} blocks behind the start`
        : `block ${this.#startBlock + blocks}`;
    this.#lost = new AceError("medium", message, {
      cause,
      hint: `Nothing was written after this. See mt -f ${this.#name} status and the kernel's log (dmesg).`,
      details: [`the last flush was at byte ${bytes}, ${place} of the tape`],
    });
    return this.#lost;
  }

  /** @throws AceError `medium` */
  close(): void {
    try {
      this.#device.close();
    } catch (cause) {
      throw new AceError("medium", `Cannot close ${this.#name}: ${systemState(cause)}`, { cause });
    }
  }

  /**
   * Closes without the filemark that the driver writes at a close after a write: after a reset it would be put at the beginning of the
   * tape, and all behind it would be lost. Any operation takes it back (st.c, "Prevent automatic WEOF"); this one moves nothing.
   */
  letGo(): void {
    afterFailure(
      () => this.#device.operate("unlock", 1),
      () => this.#device.close(),
    );
  }
}
