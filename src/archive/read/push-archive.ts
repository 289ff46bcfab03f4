/** An archive out of a file, a pipe or a tape into a repository. */
import { AceError } from "../../errors.ts";
import { parseReference } from "../../oci/reference.ts";
import type { BlobPlace } from "../../pool/jobs.ts";
import { type RunContext, stoppedError } from "../../run/run.ts";
import { windowBytesFor, windowSizeFor } from "../../tape/window/window-size.ts";
import type { RunSummary } from "../../ui/summary.ts";
import { readingChange } from "../media/reading-change.ts";
import { ArchiveParts } from "./archive-parts.ts";
import type { ArchiveSource, ReadingOptions } from "./archive-source.ts";
import type { AssemblyEvents } from "./assembly.ts";
import { DryDelivery, RepositoryDelivery } from "./delivery.ts";
import { Unpacking } from "./unpack.ts";
import { lookThrough } from "./walk-archive.ts";

export interface PushArchiveOptions extends ReadingOptions {
  /** A path, or `-` for standard input. */
  source: string;
  /** More of the same archive, in any order: what was written after an interruption. */
  parts?: readonly string[];
  image: string;
  /** Verify everything, push nothing. */
  dryRun: boolean;
  strict: boolean;
  recursive: boolean;
  /** Push the root under its digest only, and leave the tag as it is. */
  untagged?: boolean;
}

/** @throws AceError */
export async function pushArchive(options: PushArchiveOptions, run: RunContext): Promise<RunSummary> {
  const started = performance.now();
  const reference = parseReference(options.image);
  const parts = new ArchiveParts([options.source, ...(options.parts ?? [])], {
    ...options,
    policy: options.strict ? "strict" : "lenient",
    change: readingChange(options.volumeChange, run),
    log: (level, text) => run.ui.log(level, text),
  });
  const repository = await run.target(reference);
  const delivery = options.dryRun
    ? new DryDelivery(run, repository)
    : new RepositoryDelivery(run, repository, (size, place) => chunkBytesFor(size, place, options, run));
  const { status, signal } = run;
  status.phase = options.dryRun ? "verifying" : "deserializing";
  status.windowFill = () => parts.source.windowFill();
  const counted = countArrivals(run);
  const unpacking = new Unpacking(parts.source, delivery, {
    policy: options.strict ? "strict" : "lenient",
    events: { ...counted.events, unreadable: parts.takesAsMissing },
    log: (level, text) => run.ui.log(level, text),
  });
  const stop = () => parts.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    run.pool.warmUp();
    if (!parts.areSeveral) await checkFile(parts.source, options, run);
    await parts.takeAll(unpacking, signal).catch(async (error: unknown) => {
      if (options.dryRun) throw error;
      throw await unpacking.salvage(error, repository.name, () => counted.totals().blobs);
    });
    const tag = options.untagged ? undefined : (reference.tag ?? "latest");
    const unpacked = await unpacking.finish(tag).catch((error: unknown) => {
      throw error instanceof AceError ? error.withDetails(...parts.shortfalls) : error;
    });
    status.imagesTotal = unpacked.images;
    status.imagesDone = unpacked.images;
    return {
      verb: options.dryRun ? "deserialize (dry run)" : "deserialize",
      images: unpacked.images,
      ...counted.totals(),
      seconds: (performance.now() - started) / 1000,
    };
  } catch (error) {
    throw signal.aborted ? stoppedError(signal) : error;
  } finally {
    signal.removeEventListener("abort", stop);
    parts.close();
  }
}

/** A file is looked through before anything is pushed: its headers tell whether it is whole. If it is not, its user learns so at once. */
async function checkFile(source: ArchiveSource, options: PushArchiveOptions, run: RunContext): Promise<void> {
  const { entries, fault } = await lookThrough(source);
  if (fault === undefined) return;
  // The first part of a resumed archive has no end, and what it holds is wanted all the same.
  if (options.dryRun || entries === 0) throw fault.error;
  run.ui.log("warn", `${fault.error.message}; what stands before that is pushed, but not the tag`);
}

/** Largest part of the window that one chunk may hold, so that the next can come in while it is sent. */
const chunkPart = 4;

/** A blob that does not fit half the window is sent in chunks, each given back when the registry has it. */
function chunkBytesFor(size: number, place: BlobPlace, options: PushArchiveOptions, run: RunContext): number {
  const { chunkSize } = run.config;
  if (place.kind !== "window") return chunkSize;
  const window = windowSizeFor(windowBytesFor(options.windowBytes), 1).capacityBytes;
  if (size <= window / 2) return chunkSize;
  return chunkSize === 0 ? 0 : Math.min(chunkSize, Math.floor(window / chunkPart));
}

/** Feeds the live status, and adds up for the summary. */
function countArrivals(run: RunContext): {
  events: AssemblyEvents;
  totals(): Omit<RunSummary, "verb" | "images" | "seconds">;
} {
  const { status } = run;
  let bytesMoved = 0;
  let blobs = 0;
  status.bytesMoved = () => run.pool.movedBytes;
  return {
    events: {
      blob: (arrival, { size }) => {
        blobs++;
        status.blobsDone++;
        if (arrival === "moved") bytesMoved += size;
        if (arrival === "skipped") {
          status.blobsSkipped++;
          status.bytesSkipped += size;
        }
      },
      manifest: (arrival, { size }) => {
        if (arrival === "moved") bytesMoved += size;
      },
    },
    totals: () => ({
      blobs,
      bytesMoved,
      blobsSkipped: status.blobsSkipped,
      bytesSkipped: status.bytesSkipped,
      blobsMounted: 0,
      bytesMounted: 0,
    }),
  };
}
