/** `--resume-volume`: what a run that stops between two volumes prints, so that the next one can go on with a fresh medium. */
import { createHash } from "node:crypto";
import { AceError } from "../../errors.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";

/** Where a volume begins that is to go on a fresh medium, and the text that says so. */
export interface ResumeToken {
  volume: number;
  /** Bytes on the media in front of it. */
  offset: number;
  /** The last frame of a compressed archive that ends there or before; the offset itself in a plain one. */
  frame: FrameMark;
  text: string;
}

/** Hexadecimal digits: enough that no slip of the hand passes. */
const checkDigits = 8;

/** As `--resume-volume` takes it: volume, offset, and for a compressed archive its frame; then a check over these and the set's id. */
export function formatToken(set: string, { volume, offset, frame }: Omit<ResumeToken, "text">): string {
  const isPlain = frame.plain === offset && frame.packed === offset;
  const parts = [volume, offset, ...(isPlain ? [] : [frame.plain, frame.packed])];
  return [...parts, check(set, parts)].join(":");
}

/**
 * Reads the form of a token; whether it is one of the set that is written is for {@link checkToken}.
 * @throws AceError `usage`
 */
export function parseToken(text: string, flag: string): ResumeToken {
  const match = /^(\d{1,6}):(\d{1,16})(?::(\d{1,16}):(\d{1,16}))?:[0-9a-f]{8}$/.exec(text);
  const [, volume, offset, plain = offset, packed = offset] = match ?? [];
  if (match === null || Number(volume) < 2) {
    throw new AceError("usage", `Cannot use ${JSON.stringify(text)} as ${flag}: it is none`, {
      hint: "Give what the run that stopped has printed.",
    });
  }
  const frame = { plain: Number(plain), packed: Number(packed) };
  return { text, volume: Number(volume), offset: Number(offset), frame };
}

/**
 * @param set the id of the archive that is to be written
 * @throws AceError `input` for the token of another archive, or one that was copied wrong
 */
export function checkToken(token: ResumeToken, set: string): void {
  if (token.text === formatToken(set, token)) return;
  throw new AceError(
    "input",
    `Cannot resume with token ${token.text}: it is not of set ${set}, which this run writes`,
    {
      hint: "The image has changed, other flags were given, or the token was not copied right. Without it a new set is begun.",
    },
  );
}

function check(set: string, parts: readonly number[]): string {
  return createHash("sha256")
    .update([set, ...parts].join(":"))
    .digest("hex")
    .slice(0, checkDigits);
}
