/** One progress for a whole batch: each archive has figures of its own, and these are added up. */

import type { RunContext } from "../run/run.ts";
import { newRunStatus, type RunStatus } from "../ui/status.ts";
import type { RunSummary } from "../ui/summary.ts";

/** One archive of a batch. */
export interface BatchPart {
  /** 0 = not known before it is done. */
  images: number;
  /** Bytes that it is expected to take; its own `bytesTotal`, once known, counts instead. */
  bytes: number;
}

/** How far the archive that is at work has come, in the bytes of {@link BatchPart}. */
export type Position = (status: RunStatus) => number;

/** The figures of the archives that are over, and how to get those of the one at work. */
class BatchStatus implements RunStatus {
  phase: string;
  inFlight: RunStatus["inFlight"];
  over = { imagesDone: 0, blobsDone: 0, blobsSkipped: 0, bytesSkipped: 0, bytes: 0 };
  /** What has not begun. */
  ahead: { images: number; bytes: number };
  part: BatchPart = { images: 0, bytes: 0 };
  now = newRunStatus();
  readonly #position: Position;
  /** Images of those that are over. */
  imagesOver = 0;

  constructor(
    phase: string,
    parts: readonly BatchPart[],
    position: Position,
    inFlight: RunStatus["inFlight"],
  ) {
    this.phase = phase;
    this.#position = position;
    this.inFlight = inFlight;
    this.ahead = { images: sum(parts, "images"), bytes: sum(parts, "bytes") };
  }

  get imagesDone(): number {
    return this.over.imagesDone + this.now.imagesDone;
  }
  get imagesTotal(): number {
    return this.ahead.images === 0 && this.part.images === 0 && this.imagesOver === 0
      ? 0
      : this.imagesOver + this.part.images + this.ahead.images;
  }
  get blobsDone(): number {
    return this.over.blobsDone + this.now.blobsDone;
  }
  /** Unknown before the last archive is planned. */
  readonly blobsTotal = 0;
  get blobsSkipped(): number {
    return this.over.blobsSkipped + this.now.blobsSkipped;
  }
  readonly blobsMounted = 0;
  readonly volumes = () => undefined;
  get bytesTotal(): number {
    return this.over.bytes + (this.now.bytesTotal || this.part.bytes) + this.ahead.bytes;
  }
  get bytesSkipped(): number {
    return this.over.bytesSkipped + this.now.bytesSkipped;
  }
  readonly bytesMounted = 0;
  bytesMoved = () => this.over.bytes + this.#position(this.now);
  windowFill = () => this.now.windowFill();
}

/** Shows a batch's progress in place of the run's own. */
export class BatchProgress {
  readonly #run: RunContext;
  readonly #status: BatchStatus;
  #begun = 0;
  readonly #count: number;
  readonly #verb: string;
  #done: RunSummary;
  readonly #startedMs = performance.now();

  /**
   * @param verb `batch-serialize`
   * @param parts all archives that are to be made or read
   * @param options what is done between two of them, and where the one at work stands
   */
  constructor(
    verb: string,
    parts: readonly BatchPart[],
    { phase, position }: { phase: string; position: Position },
    run: RunContext,
  ) {
    this.#verb = verb;
    this.#run = run;
    this.#count = parts.length;
    this.#status = new BatchStatus(phase, parts, position, run.status.inFlight);
    this.#done = emptySummary(verb);
    run.ui.watch(this.#status);
  }

  /**
   * Does the work of one part.
   * @param phase what is shown while it goes on; which of how many is added
   * @param work is given a run whose status is the part's own
   */
  async during(
    part: BatchPart,
    phase: string,
    work: (run: RunContext) => Promise<RunSummary>,
  ): Promise<RunSummary> {
    const whole = this.#status;
    this.#begun++;
    const before = whole.phase;
    whole.phase = `${phase} (${this.#begun} of ${this.#count})`;
    whole.ahead.images -= part.images;
    whole.ahead.bytes -= part.bytes;
    whole.part = part;
    whole.now = newRunStatus();
    try {
      const summary = await work({ ...this.#run, status: whole.now });
      this.#add(summary);
      return summary;
    } finally {
      const { now, over } = whole;
      over.imagesDone += now.imagesDone;
      over.blobsDone += now.blobsDone;
      over.blobsSkipped += now.blobsSkipped;
      over.bytesSkipped += now.bytesSkipped;
      over.bytes += now.bytesTotal || part.bytes;
      whole.imagesOver += part.images;
      whole.part = { images: 0, bytes: 0 };
      whole.now = newRunStatus();
      whole.phase = before;
    }
  }

  /** Takes a part out that cannot begin. */
  leaveOut(part: BatchPart): void {
    this.#begun++;
    this.#status.ahead.images -= part.images;
    this.#status.ahead.bytes -= part.bytes;
  }

  /** What all parts that were done come to. */
  summary(notes: readonly string[]): RunSummary {
    return { ...this.#done, verb: this.#verb, seconds: (performance.now() - this.#startedMs) / 1000, notes };
  }

  #add(summary: RunSummary): void {
    const done = this.#done;
    done.images += summary.images;
    done.blobs += summary.blobs;
    done.bytesMoved += summary.bytesMoved;
    done.blobsSkipped += summary.blobsSkipped;
    done.bytesSkipped += summary.bytesSkipped;
  }
}

function emptySummary(verb: string): RunSummary {
  return {
    ...{ verb, images: 0, blobs: 0, bytesMoved: 0, blobsSkipped: 0, bytesSkipped: 0 },
    ...{ blobsMounted: 0, bytesMounted: 0, seconds: 0 },
  };
}

function sum(parts: readonly BatchPart[], figure: keyof BatchPart): number {
  return parts.reduce((total, part) => total + part[figure], 0);
}
