/** Gets another medium when a volume of a set is wanted: from the user's command, or from whoever sits at the terminal. */
import { AceError } from "../../errors.ts";
import { runTapeJob } from "../../pool/media/tape-job.ts";
import type { WantedVolume } from "../../tape/catalogue/volume.ts";
import type { Ui } from "../../ui/open-ui.ts";
import { runHook } from "./run-hook.ts";

/** What there is to get it with. */
export interface VolumeChangeOptions {
  /** The drive, or the archive whose volumes are files. */
  device: string;
  /** `--volume-change`. */
  command: string | undefined;
  /** What is asked of a human, after the reason: `Put in a blank tape as volume 2`. */
  ask(wanted: WantedVolume): string;
  /** A cartridge is let out before a human is asked, who finds it in front of the drive then. */
  isTape: boolean;
}

/**
 * Resolves when the volume may be there; whether it is has to be looked at.
 * @throws AceError `medium` when there is nobody to ask, the command failed, or the human gave up; the signal's reason
 */
export async function changeVolume(
  wanted: WantedVolume,
  options: VolumeChangeOptions,
  run: { ui: Ui; signal: AbortSignal },
): Promise<void> {
  const { ui, signal } = run;
  const { volume, set, reason, message } = wanted;
  const { device, command } = options;
  const sentence = `${message}: volume ${volume}${set === "" ? "" : ` of set ${set}`} is wanted`;
  if (command !== undefined) {
    // Why a medium was refused is what its user has to know; that a volume is full is what the command is for.
    ui.log(reason === "wrong" ? "warn" : "info", sentence);
    const environment = {
      VOLUME: String(volume),
      SET_ID: set,
      DEVICE: device,
      REASON: reason,
      MESSAGE: message,
    };
    return runHook(command, environment, signal);
  }
  if (!ui.canAsk) throw new AceError("medium", `Cannot go on: ${sentence}`);
  if (options.isTape) await ejectTape(device, run);
  const answer = await ui.ask(
    `${message}. ${options.ask(wanted)}, then press Enter (q ends the run): `,
    signal,
  );
  if (answer === undefined || /^\s*q/i.test(answer))
    throw new AceError("medium", `Cannot go on: ${sentence}, and nobody brought it`);
}

/** What cannot be let out is taken out by hand; there may be none. @throws the signal's reason */
async function ejectTape(device: string, { ui, signal }: { ui: Ui; signal: AbortSignal }): Promise<void> {
  try {
    await runTapeJob({ kind: "move", device, move: "eject" }, signal, (level, text) => ui.log(level, text));
  } catch (error) {
    if (!(error instanceof AceError) || error.code !== "medium") throw error;
    ui.log("info", error.message);
  }
}
