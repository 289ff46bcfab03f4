/** The flags of serialize that say where and how to write, which archive has too. */
import { Flags } from "@oclif/core";
import type { MediumOptions } from "../../archive/media/medium-options.ts";
import type { KnownBlobOptions } from "../../archive/plan/known-blobs.ts";
import { parseToken } from "../../archive/volumes/resume-token.ts";
import { parseByteSize } from "../../config/bytes.ts";
import { AceError } from "../../errors.ts";
import { type Packing, packingLevels } from "../../format/packing-levels.ts";
import { type CheckpointPosition, parseCheckpoints, parseOffset } from "../../lists/checkpoints.ts";
import { parseTapePosition } from "../../tape/drive/tape-position.ts";
import {
  byteSizeFlag,
  parseBlockChoice,
  parsePercent,
  parseSomeBytes,
  positionFlag,
  repeatableFlag,
  volumeChangeFlag,
} from "../flag-values.ts";

/** `-b`, `-m` and so on, for oclif. */
export const mediumFlags = {
  "block-size": byteSizeFlag({
    char: "b",
    default: "1Mi",
    description:
      "Bytes of each write; on a tape the block size. auto: the largest up to 1Mi that the drive takes.",
  }),
  "buffer-size": byteSizeFlag({
    char: "m",
    default: "0",
    description:
      "Size of the memory buffer; 0 is automatic: 128 MiB, or an eighth of the memory if that is less. 1Gi or more keeps a tape running.",
  }),
  hwm: Flags.string({
    helpValue: "PERCENT",
    description:
      "How full the buffer is, 0 to 100, before writing starts, again after each time it ran empty (default 90 on a tape, 0 elsewhere).",
  }),
  position: positionFlag,
  "flush-every": byteSizeFlag({
    description:
      "Bring what is written onto the medium, and note it in the checkpoint, after this many bytes (default 2Gi on a tape, which stops for it; 128Mi on a file).",
  }),
  "rate-limit": byteSizeFlag({
    description: "Write no more than this many bytes a second.",
  }),
  "volume-size": byteSizeFlag({
    description:
      "End a volume after this many bytes: DEST.001, DEST.002 and so on, each with a catalogue beside it; on a tape end it before it is full.",
  }),
  "volume-change": volumeChangeFlag,
  verify: Flags.boolean({
    description: "Read back what was written, each volume as soon as it is, and compare it.",
  }),
  checkpoint: Flags.string({
    helpValue: "FILE",
    description: "Write a line to FILE for every blob that is safely on the medium.",
  }),
  "existing-from-checkpoint": repeatableFlag({
    helpValue: "FILE:OFFSET",
    description: "Leave out what the first OFFSET bytes of an earlier part have, by its checkpoint FILE.",
  }),
  "resume-from-checkpoint": Flags.string({
    helpValue: "FILE",
    description: "With --resume-from-offset N the same as --existing-from-checkpoint FILE:N.",
  }),
  "resume-from-offset": Flags.string({ helpValue: "N", description: "See --resume-from-checkpoint." }),
  compression: Flags.string({
    options: ["zstd", "gzip"],
    helpValue: "zstd|gzip",
    description:
      "Compress on all cores; readable by zstd -d, gzip -d and GNU tar. What is compressed already is passed through.",
  }),
  "compression-level": Flags.string({
    helpValue: "N",
    description:
      "How hard to compress: 1 to 22 for zstd (default 3), 1 to 9 for gzip (default 6). Higher is smaller and slower.",
  }),
  "manifest-json": Flags.boolean({ description: "Add a manifest.json, for docker load and podman load." }),
  force: Flags.boolean({
    description:
      "Overwrite DEST if it is a file that exists, or what is on the tape where the archive begins.",
  }),
  resume: Flags.boolean({
    exclusive: ["force"],
    description:
      "Go on in the file, the volumes or the tape DEST where an interrupted run stopped: what is there is checked, and the rest written.",
  }),
  "resume-volume": Flags.string({
    helpValue: "TOKEN",
    dependsOn: ["resume"],
    description: "With --resume: go on with a fresh tape, where the run that printed TOKEN ended a volume.",
  }),
};

/** What oclif makes of those {@link mediumFlags} that say how any archive is written. */
export interface ParsedShapeFlags {
  "block-size": string;
  "buffer-size": string;
  hwm: string | undefined;
  compression: string | undefined;
  "compression-level": string | undefined;
  "manifest-json": boolean;
}

/** What oclif makes of {@link mediumFlags}. */
export interface ParsedMediumFlags extends ParsedShapeFlags {
  checkpoint: string | undefined;
  "existing-from-checkpoint": string[] | undefined;
  "resume-from-checkpoint": string | undefined;
  "resume-from-offset": string | undefined;
  force: boolean;
  position: string | undefined;
  "flush-every": string | undefined;
  "rate-limit": string | undefined;
  "volume-size": string | undefined;
  "volume-change": string | undefined;
  verify: boolean;
  resume: boolean;
  "resume-volume": string | undefined;
}

/** The options that the flags stand for. */
export type MediumChoice = Omit<MediumOptions, "destination"> &
  Pick<KnownBlobOptions, "existingFromCheckpoints"> & { manifestJson: boolean };

/** Those of them that say how any archive is written. */
export type ShapeChoice = Pick<
  MediumChoice,
  | "blockBytes"
  | "smallerBlocks"
  | "windowBytes"
  | "highWaterPercent"
  | "compression"
  | "compressionLevel"
  | "manifestJson"
>;

/** @throws AceError `usage` */
export function shapeChoice(flags: ParsedShapeFlags): ShapeChoice {
  return {
    ...parseBlockChoice(flags["block-size"]),
    windowBytes: parseByteSize(flags["buffer-size"], "--buffer-size"),
    highWaterPercent: flags.hwm === undefined ? undefined : parsePercent(flags.hwm, "--hwm"),
    ...packing(flags.compression, flags["compression-level"]),
    manifestJson: flags["manifest-json"],
  };
}

/** @throws AceError `usage` */
export function mediumChoice(flags: ParsedMediumFlags): MediumChoice {
  const shape = shapeChoice(flags);
  const volumeBytes = parseSomeBytes(flags["volume-size"], "--volume-size");
  if (volumeBytes !== undefined && volumeBytes < shape.blockBytes) {
    throw new AceError(
      "usage",
      `Cannot use --volume-size ${volumeBytes}: it is less than --block-size ${shape.blockBytes}`,
    );
  }
  return {
    ...shape,
    ...(flags.checkpoint === undefined ? {} : { checkpoint: flags.checkpoint }),
    existingFromCheckpoints: [
      ...parseCheckpoints(flags["existing-from-checkpoint"] ?? []),
      ...resumePair(flags["resume-from-checkpoint"], flags["resume-from-offset"]),
    ],
    force: flags.force,
    ...(flags.position === undefined ? {} : { position: parseTapePosition(flags.position, "--position") }),
    flushBytes:
      flags["flush-every"] === undefined ? undefined : parseByteSize(flags["flush-every"], "--flush-every"),
    bytesPerSecond: parseSomeBytes(flags["rate-limit"], "--rate-limit"),
    volumeBytes,
    volumeChange: flags["volume-change"],
    setOptions: (["volume-change", "resume-volume"] as const).filter((name) => flags[name] !== undefined),
    verify: flags.verify,
    resume: flags.resume,
    resumeVolume:
      flags["resume-volume"] === undefined
        ? undefined
        : parseToken(flags["resume-volume"], "--resume-volume"),
  };
}

/** oclif has checked the first word already; this tells the type. */
function packing(
  text: string | undefined,
  levelText: string | undefined,
): Pick<MediumChoice, "compression" | "compressionLevel"> {
  if (text === undefined) {
    if (levelText === undefined) return {};
    throw new AceError("usage", "Cannot use --compression-level alone: there is nothing to compress", {
      hint: "Give --compression zstd or gzip with it.",
    });
  }
  const compression = text === "gzip" ? "gzip" : "zstd";
  return {
    compression,
    ...(levelText === undefined ? {} : { compressionLevel: parseLevel(levelText, compression) }),
  };
}

/**
 * @returns a level that the packing has
 * @throws AceError `usage`
 */
export function parseLevel(text: string, packing: Packing): number {
  const { lowest, highest } = packingLevels[packing];
  const level = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (level >= lowest && level <= highest) return level;
  throw new AceError(
    "usage",
    `Cannot use ${JSON.stringify(text)} as --compression-level: want a whole number from ${lowest} to ${highest} for ${packing}`,
  );
}

/** The user's guide writes a checkpoint and its offset as two flags. */
function resumePair(file: string | undefined, text: string | undefined): CheckpointPosition[] {
  if (file === undefined && text === undefined) return [];
  if (file === undefined || text === undefined) {
    throw new AceError(
      "usage",
      "Cannot resume: --resume-from-checkpoint and --resume-from-offset go together",
    );
  }
  const offset = parseOffset(text);
  if (offset !== undefined) return [{ file, offset }];
  throw new AceError(
    "usage",
    `Cannot use ${JSON.stringify(text)} as --resume-from-offset: want a number of bytes`,
  );
}
