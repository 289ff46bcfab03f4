/** The beginning of a plain archive that an interrupted run left on a tape: read once, from its first block on. */
import { setImmediate } from "node:timers/promises";
import { AceError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";
import type { RunContext } from "../../run/run.ts";
import { segmentBytes } from "../../tape/catalogue/catalogue.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import { StreamSource } from "../read/stream-source.ts";
import { BlobChecks } from "./blob-checks.ts";
import type { WrittenArchive } from "./compare-with-plan.ts";

/** Bodies at threads at a time; more would only wait there. */
const mostInFlight = 64;

/** What is read again: the front is compared twice. Bytes. */
const frontBytes = 1024 * 1024;

export class WrittenOnTape implements WrittenArchive, Disposable {
  readonly marks: readonly FrameMark[] = [];
  readonly vouched = 0;
  readonly segmentBytes = segmentBytes;
  readonly #source: StreamSource;
  readonly #run: RunContext;
  readonly #checks: BlobChecks;
  readonly #segments: string[] = [];
  readonly #stop: () => void;
  #front: Uint8Array | undefined;

  /** @param block at which the archive begins */
  constructor({ destination, windowBytes }: WriteArchiveOptions, block: number, run: RunContext) {
    this.#run = run;
    this.#checks = new BlobChecks(run.pool, mostInFlight);
    this.#source = new StreamSource(
      {
        source: destination,
        blockBytes: 0,
        windowBytes,
        tapePosition: { kind: "block", number: block },
        singleFile: true,
        onSegment: (sha256) => this.#segments.push(sha256),
      },
      undefined,
    );
    this.#stop = () => this.#source.close();
    run.signal.addEventListener("abort", this.#stop, { once: true });
  }

  get hashed(): number {
    return this.#checks.hashed;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#source.position();
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#front ??= await this.#readOn(0, frontBytes);
    if (offset + length <= this.#front.length) return this.#front.slice(offset, offset + length);
    return await this.#readOn(offset, length);
  }

  async check(blob: Descriptor, offset: number): Promise<number> {
    if (this.#checks.isOver(offset)) return 0;
    // The end of the data, and with it a body that is cut off, shows only when it is read.
    await this.#checks.start(blob, offset, await this.#source.claim(offset, blob.size));
    return blob.size;
  }

  goodEnd(): Promise<number> {
    return this.#checks.firstBad();
  }

  placeOf(): undefined {
    return undefined;
  }

  kept(verified: number): FrameMark {
    return { plain: verified, packed: verified };
  }

  /** Hashes of the whole segments in front of an offset that was read. */
  async segments(before: number): Promise<string[]> {
    const wanted = Math.floor(before / this.segmentBytes);
    // They were sent before the bytes could be seen, and may be still on their way.
    while (this.#segments.length < wanted) await setImmediate();
    return this.#segments.slice(0, wanted);
  }

  [Symbol.dispose](): void {
    this.#run.signal.removeEventListener("abort", this.#stop);
    this.#source.close();
  }

  /** What cannot be read is where the good part ends. */
  async #readOn(offset: number, length: number): Promise<Uint8Array> {
    try {
      return await this.#source.read(offset, length);
    } catch (error) {
      if (error instanceof AceError && error.code === "medium") return new Uint8Array(0);
      throw error;
    }
  }
}
