/** The flags that say how an archive is read: of those that only look into it, and of those that empty it. */
import { Flags } from "@oclif/core";
import { parseByteSize } from "../../config/bytes.ts";
import { parseTapePosition, type TapePosition } from "../../tape/drive/tape-position.ts";
import { byteSizeFlag, positionFlag, repeatableFlag, volumeChangeFlag } from "../flag-values.ts";

/** `-b`, `-m` and `--position` of list and verify, for oclif. */
export const archiveFlags = {
  "block-size": byteSizeFlag({
    char: "b",
    default: "0",
    description: "Bytes of each read; on a tape at least the size of its blocks. 0 finds out.",
  }),
  position: positionFlag,
  "volume-change": volumeChangeFlag,
  "buffer-size": byteSizeFlag({
    char: "m",
    default: "0",
    description: "Size of the memory buffer for what is no plain file; 0 is automatic.",
  }),
};

/** What oclif makes of {@link archiveFlags}. */
export interface ParsedArchiveFlags {
  "block-size": string;
  "buffer-size": string;
  position: string | undefined;
  "volume-change": string | undefined;
}

/** The options that these flags stand for. */
export interface ArchiveChoice {
  /** Bytes of a read call; 0 finds out. */
  blockBytes: number;
  /** 0 = automatic. */
  windowBytes: number;
  /** Where on a tape to begin; where it stands, when undefined. */
  tapePosition: TapePosition | undefined;
  /** The user's command that brings the next tape. */
  volumeChange: string | undefined;
}

/** @throws AceError `usage` */
export function archiveChoice(flags: ParsedArchiveFlags): ArchiveChoice {
  return {
    blockBytes: parseByteSize(flags["block-size"], "--block-size"),
    windowBytes: parseByteSize(flags["buffer-size"], "--buffer-size"),
    tapePosition: flags.position === undefined ? undefined : parseTapePosition(flags.position, "--position"),
    volumeChange: flags["volume-change"],
  };
}

/** The flags of deserialize, which unarchive has too. */
export const readingFlags = {
  "block-size": archiveFlags["block-size"],
  "buffer-size": byteSizeFlag({
    char: "m",
    default: "0",
    description: "Size of the memory buffer; 0 is automatic.",
  }),
  position: positionFlag,
  "volume-change": volumeChangeFlag,
  "dry-run": Flags.boolean({ description: "Read and check everything, push nothing." }),
  strict: Flags.boolean({
    description: "Refuse an archive whose entries are not in the order in which we write them.",
  }),
  parts: repeatableFlag({
    helpValue: "FILE",
    description:
      "Another part of the same archive, written after an interruption; may be repeated, in any order. Only together need they be whole.",
  }),
};

/** What oclif makes of {@link readingFlags}. */
export interface ParsedReadingFlags extends ParsedArchiveFlags {
  "dry-run": boolean;
  strict: boolean;
  parts: string[] | undefined;
}

/** The options that the flags stand for. */
export interface ReadingChoice extends ArchiveChoice {
  dryRun: boolean;
  strict: boolean;
  /** More of the same archive. */
  parts: string[];
}

/** @throws AceError `usage` */
export function readingChoice(flags: ParsedReadingFlags): ReadingChoice {
  return {
    ...archiveChoice(flags),
    dryRun: flags["dry-run"],
    strict: flags.strict,
    parts: flags.parts ?? [],
  };
}
