/** Brings a planned archive into the window: small pieces by this thread, in order; blobs by the pool, in any order. */

import { Limiter } from "../../async/limiter.ts";
import { plainDescriptor } from "../../oci/descriptor.ts";
import type { KeptPart } from "../../pool/jobs.ts";
import type { RunContext } from "../../run/run.ts";
import { fillSegment, type OutgoingWindow } from "../../tape/window/outgoing-window.ts";
import type { Segment } from "../../tape/window/segment-table.ts";
import type { BlobSource } from "../media/medium-options.ts";
import { type ArchivePiece, type ArchivePlan, pieceEnd } from "../plan/archive-plan.ts";
import type { LedgerQueue } from "./ledger-queue.ts";

/** Blobs up to this part of the window are shown to the writer only when verified; what is left lets the window reach its high-water mark. */
const heldBackPart = 8;

/** Jobs handed to the pool for each that can run: enough that no thread waits for the next, few enough to cost no memory. */
const queuedJobs = 4;

/** What an earlier run, or an earlier try of this one, has done already. */
export interface WritingStart {
  /** Pieces that end there or before are passed over. */
  from: number;
  /** What is on the medium of the blob that `from` is in: the rest is fetched. */
  keptPart: KeptPart | undefined;
  /** Lines that the ledger has already. */
  ledgerLines: number;
  /** Digests of blobs that came out wrong, and are fetched again. */
  wrong: ReadonlySet<string>;
}

/** One archive on its way into the window. */
export class ArchiveWriting {
  readonly #plan: ArchivePlan;
  readonly #blobSource: BlobSource;
  readonly #run: RunContext;
  readonly #window: OutgoingWindow;
  readonly #queue: LedgerQueue;
  readonly #fail: (error: unknown) => void;
  readonly #jobs: Limiter;
  readonly #start: WritingStart;

  /** @param fail told what a job failed with: the window is to be aborted because of it */
  constructor(
    plan: ArchivePlan,
    blobSource: BlobSource,
    run: RunContext,
    window: OutgoingWindow,
    queue: LedgerQueue,
    fail: (error: unknown) => void,
    start: WritingStart,
  ) {
    this.#start = start;
    this.#fail = fail;
    this.#jobs = new Limiter(run.pool.concurrency * queuedJobs);
    this.#plan = plan;
    this.#blobSource = blobSource;
    this.#run = run;
    this.#window = window;
    this.#queue = queue;
  }

  /** Ends when all of it is in the window, or handed to a job. @throws AceError the first cause when the window is aborted */
  async run(): Promise<void> {
    const { from, ledgerLines } = this.#start;
    const linesThere = this.#plan.linesBefore((end) => end > from);
    for (let line = ledgerLines; line < linesThere; line++) this.#pushLine(line);
    for (const piece of this.#plan.pieces(from)) await this.#place(piece);
    this.#window.setEnd(this.#plan.size.bytes);
  }

  /** Resolves when no job runs any more. */
  idle(): Promise<void> {
    return this.#jobs.idle();
  }

  async #place(piece: ArchivePiece): Promise<void> {
    const end = pieceEnd(piece);
    if (end > piece.offset) {
      const start = this.#keptOf(piece) === undefined ? piece.offset : this.#start.from;
      const segment = await this.#window.open(start, end);
      if (piece.kind === "blob") await this.#fetch(piece, segment);
      else await fillSegment(this.#window, segment, piece.offset, piece.bytes);
    }
    if (piece.kind === "bytes" && piece.line !== undefined && piece.line >= this.#start.ledgerLines)
      this.#pushLine(piece.line);
  }

  #pushLine(line: number): void {
    const { descriptor, end } = this.#plan.lineAt(line);
    this.#queue.push({ descriptor, offset: end });
  }

  #keptOf(piece: ArchivePiece): KeptPart | undefined {
    return piece.offset < this.#start.from ? this.#start.keptPart : undefined;
  }

  /** Starts the fetch once the blob's first byte has room, so that every job that runs can make headway. */
  async #fetch(piece: ArchivePiece & { kind: "blob" }, segment: Segment): Promise<void> {
    await this.#window.waitForRoom(piece.offset + 1);
    const { pool } = this.#run;
    const { size, digest } = piece.descriptor;
    const holdBack = size <= this.#window.capacityBytes / heldBackPart;
    const kept = this.#keptOf(piece);
    const place = {
      window: this.#window.handle,
      segment,
      offset: piece.offset,
      descriptor: plainDescriptor(piece.descriptor),
      source: this.#blobSource(piece.entry),
    };
    await this.#jobs.start(async () => {
      // A thread that has nothing to do takes the hashing off the one that receives.
      const hashedElsewhere = !holdBack && kept === undefined && pool.inFlight < pool.threads;
      const cameWrong = this.#start.wrong.has(digest);
      const jobs = [pool.run({ kind: "fetch", ...place, holdBack, hashedElsewhere, kept, cameWrong })];
      if (hashedElsewhere) jobs.push(pool.run({ kind: "hash", ...place }));
      try {
        await Promise.all(jobs);
        this.#run.status.blobsDone++;
      } catch (error) {
        this.#fail(error);
        // The other one ends with the window.
        await Promise.allSettled(jobs);
      }
    });
  }
}
