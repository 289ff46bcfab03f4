/** The flags of deserialize that say how an archive is read, which unarchive has too. */
import { Flags } from "@oclif/core";
import { parseByteSize } from "../../config/bytes.ts";
import type { TapePosition } from "../../tape/tape-position.ts";
import { byteSizeFlag, parseReadingPosition, positionFlag, repeatableFlag } from "../flag-values.ts";

/** `-b`, `-m` and so on, for oclif. */
export const readingFlags = {
  "block-size": byteSizeFlag({
    char: "b",
    default: "0",
    description: "Bytes of each read; on a tape at least the size of its blocks. 0 finds out.",
  }),
  "buffer-size": byteSizeFlag({
    char: "m",
    default: "0",
    description: "Size of the memory buffer; 0 is automatic.",
  }),
  position: positionFlag,
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
export interface ParsedReadingFlags {
  "block-size": string;
  "buffer-size": string;
  position: string | undefined;
  "dry-run": boolean;
  strict: boolean;
  parts: string[] | undefined;
}

/** The options that the flags stand for. */
export interface ReadingChoice {
  /** Bytes of a read call; 0 finds out. */
  blockBytes: number;
  /** 0 = automatic. */
  windowBytes: number;
  /** Where on a tape to begin; where it stands, when undefined. */
  tapePosition: TapePosition | undefined;
  dryRun: boolean;
  strict: boolean;
  /** More of the same archive. */
  parts: string[];
}

/** @throws AceError `usage` */
export function readingChoice(flags: ParsedReadingFlags): ReadingChoice {
  return {
    blockBytes: parseByteSize(flags["block-size"], "--block-size"),
    windowBytes: parseByteSize(flags["buffer-size"], "--buffer-size"),
    tapePosition: parseReadingPosition(flags.position),
    dryRun: flags["dry-run"],
    strict: flags.strict,
    parts: flags.parts ?? [],
  };
}
