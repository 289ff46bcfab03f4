/** A blob's bytes for an upload, hashed on the way; the last piece is withheld until the digest is right. */
import type { Hash } from "node:crypto";
import { AceError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { digestAlgorithm, hasherFor } from "../../oci/digest.ts";
import type { BlobBody } from "../../registry/upload-part.ts";

/** Where the bytes come from, and who wants to know. */
export interface BodySource {
  /** The bytes from `offset` to the blob's end. Called again for a retry. */
  pieces(offset: number): AsyncIterable<Uint8Array>;
  /** As {@link BlobBody.prepare}. */
  prepare?(offset: number, end: number): Promise<void>;
  /** Where the bytes come from, for messages. */
  name: string;
  /** What to do when they are wrong. */
  hint?: string;
  /** Called for bytes that are read the first time. */
  counted?(bytes: number): void;
  /** Given every byte once, in order. */
  observed?(bytes: Uint8Array): void;
  /** Called when the registry has everything before `position`. */
  acknowledged?(position: number): void;
}

/** What to do when a registry's bytes are wrong. */
export const wrongAtSourceHint =
  "The registry's copy or the way to it is damaged; push the image again or use another endpoint.";

export class VerifyingBody implements BlobBody {
  readonly #descriptor: Descriptor;
  readonly #source: BodySource;
  readonly #hasher: Hash;
  #hashed = 0;
  #verified = false;
  #wrong: AceError | undefined;

  constructor(descriptor: Descriptor, source: BodySource) {
    this.#descriptor = descriptor;
    this.#source = source;
    this.#hasher = hasherFor(descriptor.digest);
  }

  /** What was wrong with the bytes, once {@link open} has thrown it. */
  get wrong(): AceError | undefined {
    return this.#wrong;
  }

  /**
   * Yields the pieces; each must be used up before the next is asked for.
   * @throws AceError `digest` in place of the last piece when the bytes are not the descriptor's
   */
  async *open(offset: number): AsyncGenerator<Uint8Array, void, undefined> {
    const { size } = this.#descriptor;
    let position = offset;
    for await (const piece of this.#source.pieces(offset)) {
      this.#take(piece, position);
      position += piece.length;
      if (position >= size) this.#verify(position);
      yield piece;
    }
    if (position !== size || !this.#verified) this.#verify(position);
  }

  async prepare(offset: number, end: number): Promise<void> {
    await this.#source.prepare?.(offset, end);
  }

  acknowledged(position: number): void {
    this.#source.acknowledged?.(position);
  }

  /** Hashes what has not been hashed by an earlier try. */
  #take(piece: Uint8Array, position: number): void {
    const end = position + piece.length;
    if (end <= this.#hashed) return;
    const fresh = position >= this.#hashed ? piece : piece.subarray(this.#hashed - position);
    this.#hasher.update(fresh);
    this.#source.observed?.(fresh);
    this.#hashed = end;
    this.#source.counted?.(fresh.length);
  }

  #verify(length: number): void {
    const { digest, size } = this.#descriptor;
    if (length !== size) throw this.#refuse(`it has ${length} bytes, its descriptor says ${size}`);
    if (this.#verified) return;
    const actual = `${digestAlgorithm(digest)}:${this.#hasher.digest("hex")}`;
    if (actual !== digest) throw this.#refuse(`its bytes hash to ${actual}`);
    this.#verified = true;
  }

  #refuse(state: string): AceError {
    const { name, hint } = this.#source;
    const message = `Cannot use blob ${this.#descriptor.digest} from ${name}: ${state}`;
    this.#wrong = new AceError("digest", message, hint === undefined ? {} : { hint });
    return this.#wrong;
  }
}
