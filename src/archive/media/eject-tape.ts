/** Lets a cartridge out, so that whoever is asked for another one finds it in front of the drive. */
import { AceError } from "../../errors.ts";
import { runTapeJob } from "../../pool/media/tape-job.ts";
import type { Ui } from "../../ui/open-ui.ts";

/** What cannot be let out is taken out by hand; there may be none. @throws the signal's reason */
export async function ejectTape(
  device: string,
  { ui, signal }: { ui: Ui; signal: AbortSignal },
): Promise<void> {
  try {
    await runTapeJob({ kind: "move", device, move: "eject" }, signal, (level, text) => ui.log(level, text));
  } catch (error) {
    if (!(error instanceof AceError) || error.code !== "medium") throw error;
    ui.log("info", error.message);
  }
}
