/** Writes one archive of a batch so that its name means that it is whole. */
import { existsSync } from "node:fs";
import { rename, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { MediumOptions } from "../archive/media/medium-options.ts";
import { writePlan } from "../archive/write/write-plan.ts";
import { AceError, systemState } from "../errors.ts";
import type { RunContext } from "../run/run.ts";
import { formatBytes } from "../ui/format.ts";
import type { RunSummary } from "../ui/summary.ts";
import { removeUnfinished, syncNames, unfinishedName } from "./batch-directory.ts";
import type { PlannedArtifact } from "./batch-plan.ts";

/** Where archives go, and how they are written. */
export interface ArchiveShape
  extends Pick<
    MediumOptions,
    "blockBytes" | "windowBytes" | "highWaterPercent" | "compression" | "compressionLevel"
  > {
  syncDirectory: string;
}

/**
 * Writes an archive under another name, or goes on with what is there under that name, and gives it its own when every byte is on the
 * disk.
 * @param file the archive's name
 * @throws AceError what writing throws; what was written stays for the next run, unless the disk is at fault and wants its room back;
 *   `input` when there is something else under the other name
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
  const { blockBytes, windowBytes, highWaterPercent, compression, compressionLevel } = shape;
  const options = {
    destination: unfinished,
    force: false,
    resume: true,
    ...{ blockBytes, windowBytes, highWaterPercent, compressionLevel },
    ...(compression === undefined ? {} : { compression }),
  };
  const writing = { verb: "serialize", medium: "file", blobSource, startedMs: performance.now() } as const;
  try {
    const summary = await writePlan(plan, options, writing, run);
    await finish(directory, unfinished, file);
    return summary;
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    const { code, message, cause, hint } = error;
    if (code === "medium") await removeUnfinished(directory, file);
    // How far the file is good, and how else to go on with it, is nothing that anybody needs here.
    const details = existsSync(unfinished)
      ? ["what is written of it stays, and the next run goes on there"]
      : [];
    throw new AceError(code, message, { cause, details, ...(hint === undefined ? {} : { hint }) });
  }
}

async function finish(directory: string, unfinished: string, file: string): Promise<void> {
  try {
    await rename(unfinished, join(directory, file));
    await syncNames(directory);
  } catch (cause) {
    throw new AceError("medium", `Cannot finish ${join(directory, file)}: ${systemState(cause)}`, { cause });
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
