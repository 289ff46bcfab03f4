/** `mirror deserialize`: an archive out of a file, a pipe or a tape into a repository. */
import { type PushArchiveOptions, pushArchive } from "../archive/read/push-archive.ts";
import type { RunContext } from "../run/run.ts";
import type { RunSummary } from "../ui/summary.ts";

/** Of the command line. */
export type DeserializeOptions = Omit<PushArchiveOptions, "untagged">;

/** @throws AceError */
export function deserialize(options: DeserializeOptions, run: RunContext): Promise<RunSummary> {
  return pushArchive(options, run);
}
