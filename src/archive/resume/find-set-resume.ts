/** Finds where an interrupted set of volumes goes on. */
import type { RunContext } from "../../run/run.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";
import { checkToken } from "../volumes/resume-token.ts";
import { findFileVolumes } from "./find-file-volumes.ts";
import { findTapeVolumes } from "./find-tape-volumes.ts";
import { freshVolume } from "./go-on-behind.ts";
import type { ResumePoint } from "./resume-point.ts";

/**
 * @param set the id of the set that is to be written
 * @returns undefined when nothing of it is there
 * @throws AceError `input` when something else is; `medium`
 */
export async function findSetResume(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  set: string,
  run: RunContext,
): Promise<ResumePoint | undefined> {
  run.status.phase = "looking at what is there";
  const { resumeVolume } = options;
  if (resumeVolume !== undefined) {
    checkToken(resumeVolume, set);
    return await freshVolume(plan, options, set, resumeVolume);
  }
  return options.medium === "tape"
    ? await findTapeVolumes(plan, options, set, run)
    : await findFileVolumes(plan, options, set, run);
}
