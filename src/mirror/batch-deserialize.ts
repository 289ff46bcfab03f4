/** `mirror batch-deserialize`: each archive of a directory that was not read yet into one repository, under the tag of its name. */
import { dirname, join, resolve } from "node:path";
import { type PushArchiveOptions, pushArchive } from "../archive/read/push-archive.ts";
import { type FoundArchive, readBatchDirectory } from "../batch/batch-directory.ts";
import { BatchBroken, BatchFailures } from "../batch/batch-failures.ts";
import { lockBatch } from "../batch/batch-lock.ts";
import { BatchProgress } from "../batch/batch-progress.ts";
import { RecordFile, syncKind } from "../batch/batch-record-file.ts";
import { type ReadStanding, readStanding } from "../batch/batch-standing.ts";
import { AceError } from "../errors.ts";
import { formatSynced } from "../lists/batch-records.ts";
import { parseReference } from "../oci/reference.ts";
import type { RunContext } from "../run/run.ts";
import { formatBytes } from "../ui/format.ts";
import type { RunStatus } from "../ui/status.ts";
import type { RunSummary } from "../ui/summary.ts";

export interface BatchDeserializeOptions
  extends Pick<PushArchiveOptions, "blockBytes" | "windowBytes" | "strict" | "recursive"> {
  syncDirectory: string;
  /** A repository; the tags are the archives' names. */
  destination: string;
  /** In the directory, or an absolute path. */
  syncFilename: string;
}

/**
 * Reads the archives in the order of their numbers. One that fails stops no other.
 * @throws AceError `partial` with the list of failures; `input` when another run is at work; `medium` when no records can be kept
 */
export async function batchDeserialize(
  options: BatchDeserializeOptions,
  run: RunContext,
): Promise<RunSummary> {
  checkRepository(options.destination);
  // A directory that is not there is told before a place for the records is looked for in it.
  await readBatchDirectory(options.syncDirectory, new Map());
  const path = resolve(options.syncDirectory, options.syncFilename);
  using _ = lockBatch({ directory: dirname(path), verb: "batch-deserialize", hint: syncKind.hint });
  await using records = await RecordFile.open(path, syncKind);
  const standing = await readStanding(options, records, run);
  const failures = new BatchFailures(run);
  const summary = await readArchives(standing, records, failures, options, run);
  const error = failures.error("Cannot batch-deserialize", `${standing.todo.length} archives`);
  if (error !== undefined) throw error;
  return summary;
}

/** @throws AceError `usage` */
function checkRepository(destination: string): void {
  const { tag, digest } = parseReference(destination);
  if (tag === undefined && digest === undefined) return;
  throw new AceError(
    "usage",
    `Cannot use ${JSON.stringify(destination)} as a destination: it has a ${digest === undefined ? "tag" : "digest"}`,
    { hint: "Name a repository: each archive is tagged with its own name." },
  );
}

async function readArchives(
  { todo, total, newest }: ReadStanding,
  records: RecordFile,
  failures: BatchFailures,
  options: BatchDeserializeOptions,
  run: RunContext,
): Promise<RunSummary> {
  let movedBefore = 0;
  let size = 0;
  // What was there already counts as read, so that the figure comes to the size of the files.
  const position = (status: RunStatus) =>
    Math.min(size, Math.max(0, status.bytesMoved() - movedBefore) + status.bytesSkipped);
  const parts = todo.map(({ sizeBytes }) => ({ images: 0, bytes: sizeBytes }));
  const view = { phase: "looking at archives", position };
  const progress = new BatchProgress("batch-deserialize", parts, view, run);
  for (const archive of todo) {
    movedBefore = run.pool.movedBytes;
    size = archive.sizeBytes;
    await failures.attempt(archive.file, async () => {
      const summary = await progress.during(
        { images: 0, bytes: archive.sizeBytes },
        `deserializing ${archive.file}`,
        (part) => readArchive(archive, newest, options, part),
      );
      const image = `${options.destination}:${archive.name}`;
      await records.append(formatSynced(archive.file, image, new Date())).catch((error: unknown) => {
        throw new BatchBroken(error);
      });
      newest.set(archive.name, Math.max(archive.number, newest.get(archive.name) ?? 0));
      run.ui.note(`${archive.file}: ${image}, ${formatBytes(summary.bytesMoved)}`);
    });
  }
  const before = total - todo.length;
  return progress.summary(before === 0 ? [] : [`${before} of ${total} archives were done before`]);
}

/** An archive that failed once may come again when a newer one of its name is there already. Its content is wanted, its tag is not. */
async function readArchive(
  archive: FoundArchive,
  newest: ReadonlyMap<string, number>,
  options: BatchDeserializeOptions,
  run: RunContext,
): Promise<RunSummary> {
  const { syncDirectory, destination, blockBytes, windowBytes, strict, recursive } = options;
  const isOld = (newest.get(archive.name) ?? 0) > archive.number;
  if (isOld)
    run.ui.log("warn", `${archive.file} is older than what ${destination}:${archive.name} is, which stays`);
  return pushArchive(
    {
      source: join(syncDirectory, archive.file),
      image: `${destination}:${archive.name}`,
      ...{ blockBytes, windowBytes, strict, recursive },
      dryRun: false,
      untagged: isOld,
    },
    run,
  );
}
