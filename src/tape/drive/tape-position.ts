/** Where on a tape to begin. */
import { AceError } from "../../errors.ts";
import type { TapeDevice } from "./tape-device.ts";

/** `here` is where the tape stands, `append` behind all that is written. Files and blocks count from 0 at the beginning of the tape. */
export type TapePosition = { kind: "here" | "bot" | "append" } | { kind: "file" | "block"; number: number };

/** MTSEEK and MTFSF take a signed 32-bit count. */
const largestCount = 2 ** 31 - 1;

/**
 * Reads a position as users write it.
 * @param flag that it is the value of
 * @throws AceError `usage`
 */
export function parseTapePosition(text: string, flag: string): TapePosition {
  if (text === "here" || text === "bot" || text === "append") return { kind: text };
  const [, kind, digits = ""] = /^(file|block):(\d{1,10})$/.exec(text) ?? [];
  const number = Number(digits);
  if ((kind === "file" || kind === "block") && number <= largestCount) return { kind, number };
  throw new AceError("usage", `Cannot use ${JSON.stringify(text)} as ${flag}: it names no place on a tape`, {
    hint: "Write here, bot (the beginning), append (behind everything), file:N or block:N, counted from 0.",
  });
}

/** A position as {@link parseTapePosition} reads it. */
export function formatTapePosition(position: TapePosition): string {
  return "number" in position ? `${position.kind}:${position.number}` : position.kind;
}

/** Brings the tape there. What the drive cannot do throws an error with a system code. */
export function moveTo(device: TapeDevice, position: TapePosition): void {
  switch (position.kind) {
    case "here":
      return;
    case "bot":
      device.operate("rewind", 1);
      return;
    case "append":
      device.operate("eom", 1);
      return;
    case "file":
      device.operate("rewind", 1);
      if (position.number > 0) device.operate("forwardFiles", position.number);
      return;
    case "block":
      device.operate("seek", position.number);
      return;
  }
}

/** Brings the tape back to a block; to the beginning by a rewind, which needs nothing to be there. */
export function goToBlock(device: TapeDevice, block: number): void {
  if (block === 0) device.operate("rewind", 1);
  else device.operate("seek", block);
}
