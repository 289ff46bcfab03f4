/** Writes one archive of a batch so that its name means that it is whole. */
import { rename, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { AceError, messageOf } from "../errors.ts";
import { formatBytes } from "../ui/format.ts";
import type { RunSummary } from "../ui/summary.ts";
import { syncNames, unfinishedName } from "./batch-directory.ts";
import type { PlannedArtifact } from "./batch-plan.ts";
import type { RunContext } from "./run.ts";
import { type MediumOptions, writePlan } from "./write-plan.ts";

/** Where archives go, and how they are written. */
export interface ArchiveShape
  extends Pick<MediumOptions, "blockBytes" | "windowBytes" | "highWaterPercent" | "compression"> {
  syncDirectory: string;
}

/**
 * Writes an archive under another name, and gives it its own when every byte is on the disk.
 * @param file the archive's name
 * @throws AceError what writing throws; nothing is left of the archive then
 */
export async function writeBatchArchive(
  { plan, blobSource }: PlannedArtifact,
  file: string,
  shape: ArchiveShape,
  run: RunContext,
): Promise<RunSummary> {
  const directory = shape.syncDirectory;
  const unfinished = join(directory, unfinishedName(file));
  if (shape.compression === undefined) await warnOfRoom(directory, file, plan.size.bytes, run);
  const { blockBytes, windowBytes, highWaterPercent, compression } = shape;
  const options = {
    destination: unfinished,
    force: true,
    ...{ blockBytes, windowBytes, highWaterPercent },
    ...(compression === undefined ? {} : { compression }),
  };
  const writing = { verb: "serialize", medium: "file", blobSource, startedMs: performance.now() } as const;
  try {
    const summary = await writePlan(plan, options, writing, run);
    await finish(directory, unfinished, file);
    return summary;
  } catch (error) {
    await rm(unfinished, { force: true });
    // How far the file was good helps nobody now that it is gone.
    if (!(error instanceof AceError)) throw error;
    const { code, message, cause, hint } = error;
    throw new AceError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
  }
}

async function finish(directory: string, unfinished: string, file: string): Promise<void> {
  try {
    await rename(unfinished, join(directory, file));
    await syncNames(directory);
  } catch (cause) {
    throw new AceError("medium", `Cannot finish ${join(directory, file)}: ${messageOf(cause)}`, { cause });
  }
}

/** Says so when an archive will hardly fit. Some file systems compress, so it is tried all the same. */
async function warnOfRoom(directory: string, file: string, bytes: number, run: RunContext): Promise<void> {
  const { bavail, bsize, blocks } = await statfs(directory);
  const room = bavail * bsize;
  if (blocks === 0 || bytes <= room) return;
  run.ui.log(
    "warn",
    `${file} takes ${formatBytes(bytes)}, and ${directory} has room for ${formatBytes(room)} only`,
  );
}
