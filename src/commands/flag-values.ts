/** Reads the values of flags that several commands have. */
import { Flags } from "@oclif/core";
import { parseByteSize } from "../config/bytes.ts";
import { AceError } from "../errors.ts";
import { type Platform, parsePlatform } from "../oci/platform.ts";
import { type PlatformMode, platformModes } from "../oci/platform-filter.ts";

/** A flag with a size in bytes. Its text is read by `parseByteSize` later: oclif would wrap the error in its own words. */
export const byteSizeFlag = Flags.custom<string>({ helpValue: "BYTES" });

/** Where on a tape to begin. Its text is read by `parseTapePosition`. */
export const positionFlag = Flags.string({
  helpValue: "PLACE",
  description:
    "Where on a tape to begin: here (default), bot (its beginning), append (behind everything), file:N or block:N, counted from 0.",
});

/** Who brings the next volume. */
export const volumeChangeFlag = Flags.string({
  helpValue: "COMMAND",
  description:
    "Run by /bin/sh when another volume is wanted, with VOLUME (its number), SET_ID, DEVICE, REASON (full, next or wrong) and MESSAGE in its environment; without it whoever sits at the terminal is asked.",
});

/** A flag that may be given several times. */
export const repeatableFlag = Flags.custom<string>({ multiple: true, multipleNonGreedy: true });

/** What becomes of a multi-platform image of which `--platforms` wants a part. */
export const platformModeFlag = Flags.string({
  default: "original",
  helpValue: platformModes.join("|"),
  description:
    "With -p: each platform an entry of its own, or the index as it is without the others, or a smaller index.",
});

/**
 * The value of `--platform-mode`.
 * @throws AceError `usage`
 */
export function parsePlatformMode(text: string): PlatformMode {
  const mode = platformModes.find((known) => known === text);
  if (mode !== undefined) return mode;
  throw new AceError(
    "usage",
    `Cannot use ${JSON.stringify(text)} as --platform-mode: want ${platformModes.join(", ")}`,
  );
}

/** The values of `--platforms`: each one or more, with commas between. */
export function parsePlatforms(texts: readonly string[]): Platform[] {
  return texts
    .flatMap((text) => text.split(","))
    .filter((text) => text !== "")
    .map((text) => parsePlatform(text.trim()));
}

/**
 * A percentage.
 * @throws AceError `usage`
 */
export function parsePercent(text: string, flag: string): number {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (number <= 100) return number;
  throw new AceError(
    "usage",
    `Cannot use ${JSON.stringify(text)} as ${flag}: want a whole number from 0 to 100`,
  );
}

/**
 * A whole number of MiB.
 * @returns bytes
 * @throws AceError `usage`
 */
export function parseMebibytes(text: string, flag: string): number {
  const bytes = /^\d+$/.test(text) ? Number(text) * 1024 * 1024 : Number.NaN;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new AceError("usage", `Cannot use ${JSON.stringify(text)} as ${flag}: want a whole number of MiB`);
}

/** What `--block-size auto` begins with; smaller ones are its halves. */
const automaticBlock = 1024 * 1024;

/**
 * The value of `--block-size` for writing: a size, or `auto` for the largest up to 1 MiB that a tape drive takes.
 * @throws AceError `usage`
 */
export function parseBlockChoice(text: string): { blockBytes: number; smallerBlocks: boolean } {
  return text === "auto"
    ? { blockBytes: automaticBlock, smallerBlocks: true }
    : { blockBytes: parseBlockSize(text), smallerBlocks: false };
}

/**
 * A block size for writing. The writer's blocks are cut to it, so 0 would never end.
 * @throws AceError `usage`
 */
export function parseBlockSize(text: string): number {
  const bytes = parseByteSize(text, "--block-size");
  if (bytes > 0) return bytes;
  throw new AceError("usage", "Cannot use 0 as --block-size: a block has at least one byte");
}

/** A size that is not nothing; undefined when the flag was not given. @throws AceError `usage` */
export function parseSomeBytes(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseByteSize(text, flag);
  if (bytes > 0) return bytes;
  throw new AceError("usage", `Cannot use ${JSON.stringify(text)} as ${flag}: want at least one byte`);
}
