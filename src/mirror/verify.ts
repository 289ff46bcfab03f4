/** `mirror verify`: is everything in these archives right, and is everything there? Without any registry. */
import { availableParallelism } from "node:os";
import { hashByPosition, StreamHashing } from "../archive/check/verify-bodies.ts";
import { type ClosureResult, checkClosure } from "../archive/check/verify-closure.ts";
import { checkCatalogues, checkLedger, checkLoadPaths } from "../archive/check/verify-lists.ts";
import { readingChange } from "../archive/media/reading-change.ts";
import type { ArchiveContents } from "../archive/read/archive-contents.ts";
import type { ArchiveFault } from "../archive/read/archive-faults.ts";
import type { ReadingOptions } from "../archive/read/archive-source.ts";
import { openArchive } from "../archive/read/open-archive.ts";
import { readContents } from "../archive/read/read-contents.ts";
import { AceError } from "../errors.ts";
import { Pool } from "../pool/pool.ts";
import { type RunContext, stoppedError } from "../run/run.ts";

export interface VerifyOptions extends ReadingOptions {
  /** Paths, or `-` for standard input: the parts of one set, in their order. */
  archives: readonly string[];
  /** Ledgers, the first one of the first archive and so on; there may be fewer than archives. */
  checkpoints: readonly string[];
  /** Blobs that were left out on purpose are no fault. */
  partial: boolean;
}

export interface VerifyResult extends ClosureResult {
  /** By archive, then by byte; what has no place comes last. */
  faults: readonly ArchiveFault[];
  /** What the archives are called. */
  names: readonly string[];
  /** Sentences about what is odd and harms nothing. */
  notices: readonly string[];
  blobs: number;
  /** Bytes that were hashed. */
  bytes: number;
  seconds: number;
}

/** Threads that only hash; each costs some 20 MB, and no disk gives more than so many can hash. */
const mostThreads = 32;

/**
 * Reads every archive once, whatever is wrong with it.
 * @throws AceError `medium` when one cannot be read, `input` for a ledger, `usage`, `stopped`
 */
export async function verify(options: VerifyOptions, run: RunContext): Promise<VerifyResult> {
  const started = performance.now();
  checkOptions(options);
  const { status, signal } = run;
  await using stack = new AsyncDisposableStack();
  const cores = availableParallelism();
  const pool = new Pool({
    connections: cores,
    threads: Math.min(cores, mostThreads),
    userAgent: "",
    onNotice: (level, text) => run.ui.log(level, text),
  });
  stack.defer(() => pool.close());
  const stop = () => pool.stop();
  signal.addEventListener("abort", stop, { once: true });
  stack.defer(() => signal.removeEventListener("abort", stop));
  status.phase = "verifying";
  status.bytesMoved = () => pool.movedBytes;
  status.inFlight = () => pool.inFlight;
  try {
    const archives: ArchiveContents[] = [];
    for (const path of options.archives) archives.push(await readArchive(path, options, pool, run, stack));
    for (const [at, path] of options.checkpoints.entries()) {
      const archive = archives[at];
      if (archive !== undefined) await checkLedger(path, archive);
    }
    for (const archive of archives) checkLoadPaths(archive);
    const closure = await checkClosure(archives, options);
    forgiveCuts(archives);
    return {
      ...closure,
      faults: archives.flatMap(({ faults }) => faults.toSorted(byPlace)),
      names: archives.map(({ name }) => name),
      notices: archives.flatMap(({ name, notices }) => notices.map((notice) => `${name}: ${notice}`)),
      blobs: archives.reduce((sum, { blobs }) => sum + blobs.count, 0),
      bytes: archives.reduce((sum, { blobs }) => sum + blobs.bytes, 0),
      seconds: (performance.now() - started) / 1000,
    };
  } catch (error) {
    throw signal.aborted ? stoppedError(signal) : error;
  }
}

function checkOptions({ archives, checkpoints }: VerifyOptions): void {
  if (checkpoints.length > archives.length) {
    throw new AceError(
      "usage",
      `Cannot verify: there are ${checkpoints.length} checkpoints for ${archives.length} archives`,
      { hint: "Give a checkpoint for each archive at most, in the order of the archives." },
    );
  }
  if (archives.filter((path) => path === "-").length > 1)
    throw new AceError("usage", "Cannot verify: standard input can be read once only");
}

/** Opens an archive and reads it to its end. @param stack lets go of it when all is done */
async function readArchive(
  path: string,
  options: VerifyOptions,
  pool: Pool,
  run: RunContext,
  stack: AsyncDisposableStack,
): Promise<ArchiveContents> {
  const { status, signal } = run;
  const source = openArchive({ ...options, source: path, change: readingChange(options.volumeChange, run) });
  const close = () => source.close();
  signal.addEventListener("abort", close, { once: true });
  stack.defer(() => {
    signal.removeEventListener("abort", close);
    close();
  });
  pool.warmUp();
  status.windowFill = () => source.windowFill();
  const hashing = new StreamHashing(source, pool);
  const contents = await readContents(source, {
    lastIndex: true,
    body: (...taken) => hashing.body(...taken),
    signal,
  });
  await hashing.finish();
  status.bytesTotal += source.totalBytes ?? 0;
  status.blobsTotal += contents.blobs.count;
  const onDone = (blobs: number) => {
    status.blobsDone += blobs;
  };
  if (source.seekable) await hashByPosition(source, contents, pool, onDone);
  status.blobsDone = status.blobsTotal;
  if (source.volumes !== undefined) await checkCatalogues(source.volumes, contents);
  return contents;
}

/** A part that was cut off is no fault when the next part goes on: what the set lacks because of it is told as missing. */
function forgiveCuts(archives: readonly ArchiveContents[]): void {
  for (const archive of archives.slice(0, -1)) {
    const at = archive.faults.findIndex(({ fault }) => fault === "cut");
    const [cut] = at < 0 ? [] : archive.faults.splice(at, 1);
    if (cut !== undefined) archive.notices.push(`${cut.message}; the next part goes on`);
  }
}

function byPlace(a: ArchiveFault, b: ArchiveFault): number {
  const [first, second] = [a, b].map(({ offset }) => offset ?? Number.POSITIVE_INFINITY);
  if (first !== second) return (first ?? 0) < (second ?? 0) ? -1 : 1;
  return (a.digest ?? "") < (b.digest ?? "") ? -1 : 1;
}
