/** Gets the next volume when an archive is read from tapes. */

import type { RunContext } from "../../run/run.ts";
import type { WantedVolume } from "../../tape/catalogue/volume.ts";
import { changeVolume } from "./volume-change.ts";

/** Resolves when the volume may be in the drive. @throws AceError `medium` when it is not to be had */
export type ReadingChange = (device: string, wanted: WantedVolume) => Promise<void>;

/** @param command `--volume-change`; without one whoever sits at the terminal is asked */
export function readingChange(command: string | undefined, run: RunContext): ReadingChange {
  return async (device, wanted) => {
    const { status } = run;
    const { phase } = status;
    status.phase = `waiting for volume ${wanted.volume}`;
    await changeVolume(
      wanted,
      {
        device,
        command,
        ask: ({ volume }) => `Put in volume ${volume}`,
        isTape: true,
      },
      run,
    );
    status.phase = phase;
  };
}
