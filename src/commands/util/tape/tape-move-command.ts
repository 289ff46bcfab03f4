/** What rewind, eod and eject share. */

import type { TapeMove } from "../../../tape/drive/move-tape.ts";
import type { ParsedUiFlags } from "../../base.ts";
import { stopSignal } from "../../stop-signal.ts";
import { parseForm, TapeCommand, tapeFlags } from "./tape-command.ts";

/** `-o` of commands that only do something. */
export const moveFlags = tapeFlags("Print where the tape stands then; nothing is printed without this.");

/** A command that moves the tape, and says nothing unless it is asked to. */
export abstract class TapeMoveCommand extends TapeCommand {
  protected async move(
    move: TapeMove,
    device: string,
    flags: ParsedUiFlags & { output: string | undefined },
  ): Promise<void> {
    const form = parseForm(flags.output);
    const [{ runTapeJob }, { formatPlace }] = await Promise.all([
      import("../../../pool/media/tape-job.ts"),
      import("./report-lines.ts"),
    ]);
    await this.perform(flags, async (ui, notice) => {
      const place = await runTapeJob({ kind: "move", device, move }, stopSignal, notice);
      if (form !== undefined) ui.print(formatPlace(device, place, form));
    });
  }
}
