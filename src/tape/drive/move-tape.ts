/** Moves a tape to one of its ends, or out of the drive. */
import { AceError, systemState } from "../../errors.ts";
import { type HeadPosition, headPosition } from "./report-drive.ts";
import { driveStates, type TapeDevice, type TapeOperation } from "./tape-device.ts";

/** `eod` is behind everything that is written; `eject` rewinds first. */
export type TapeMove = "rewind" | "eod" | "eject";

const moves: Readonly<Record<TapeMove, { operation: TapeOperation; verb: string }>> = {
  rewind: { operation: "rewind", verb: "rewind" },
  eod: { operation: "eom", verb: "go to the end of the data on" },
  eject: { operation: "eject", verb: "eject the tape in" },
};

/** What a move does, for messages: `Cannot rewind /dev/nst0: ...`. */
export function verbOf(move: TapeMove): string {
  return moves[move].verb;
}

/**
 * Moves the tape, and returns when it is there.
 * @param name of the drive, for messages
 * @throws AceError `medium`
 */
export function moveTape(device: TapeDevice, name: string, move: TapeMove): HeadPosition {
  try {
    device.operate(moves[move].operation, 1);
  } catch (cause) {
    const state = systemState(cause, driveStates);
    throw new AceError("medium", `Cannot ${verbOf(move)} ${name}: ${state}`, {
      cause,
      hint: "See ace-dt util tape status and the kernel's log (dmesg).",
    });
  }
  return headPosition(device);
}
