/** `ace-dt mirror serialize`. */
import { Args, Flags } from "@oclif/core";
import { parseByteSize } from "../../config/bytes.ts";
import { AceError } from "../../errors.ts";
import { type CheckpointPosition, parseCheckpoints, parseOffset } from "../../lists/checkpoints.ts";
import { MirrorCommand } from "../base.ts";
import { byteSizeFlag, parseBlockSize, parsePercent, repeatableFlag } from "../flag-values.ts";

export default class Serialize extends MirrorCommand {
  static override summary = "Write a gathered IMAGE and everything below it to a tar file, a pipe or a tape.";
  static override description =
    "Blobs that the other side has, because an EXISTING-IMAGE or a checkpoint of an earlier part names them, are left out; manifests never are. A file that exists is not touched without --force. When a run fails, it says how many bytes on the medium are good: give the checkpoint and that number to --existing-from-checkpoint of the next.";
  static override examples = [
    {
      description: "To a tape, with a checkpoint to go on from",
      command:
        "<%= config.bin %> <%= command.id %> reg.example.com/gather:sync-45 /dev/nst0 --checkpoint cp1.txt",
    },
    {
      description: "To a file, without what sync-44 brought over, and without what the first part has",
      command:
        "<%= config.bin %> <%= command.id %> reg.example.com/gather:sync-45 sync45-2.tar reg.example.com/gather:sync-44 --existing-from-checkpoint cp1.txt:34752000",
    },
  ];
  static override args = {
    image: Args.string({ required: true, ignoreStdin: true, description: "The gathered image." }),
    dest: Args.string({
      required: true,
      ignoreStdin: true,
      description: "A file, a tape or another device, a pipe, or - for standard output.",
    }),
    "existing-image": Args.string({
      multiple: true,
      ignoreStdin: true,
      description: "Images whose blobs the other side has.",
    }),
  };
  static override flags = {
    "block-size": byteSizeFlag({
      char: "b",
      default: "1Mi",
      description: "Bytes of each write; on a tape the block size.",
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
      description: "Compress on all cores; readable by zstd -d, gzip -d and GNU tar.",
    }),
    "manifest-json": Flags.boolean({ description: "Add a manifest.json, for docker load and ctr import." }),
    force: Flags.boolean({ description: "Overwrite DEST if it is a file that exists." }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Serialize);
    const options = {
      image: args.image,
      destination: args.dest,
      existing: args["existing-image"] ?? [],
      blockBytes: parseBlockSize(flags["block-size"]),
      windowBytes: parseByteSize(flags["buffer-size"], "--buffer-size"),
      highWaterPercent: flags.hwm === undefined ? undefined : parsePercent(flags.hwm, "--hwm"),
      ...(flags.checkpoint === undefined ? {} : { checkpoint: flags.checkpoint }),
      existingFromCheckpoints: [
        ...parseCheckpoints(flags["existing-from-checkpoint"] ?? []),
        ...resumePair(flags["resume-from-checkpoint"], flags["resume-from-offset"]),
      ],
      ...(flags.compression === undefined ? {} : { compression: parsePacking(flags.compression) }),
      manifestJson: flags["manifest-json"],
      force: flags.force,
      recursive: flags.recursive,
    };
    const { serialize } = await import("../../mirror/serialize.ts");
    await this.perform(flags, (run) => serialize(options, run));
  }
}

/** oclif has checked the word already; this tells the type. */
function parsePacking(text: string): "gzip" | "zstd" {
  return text === "gzip" ? "gzip" : "zstd";
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
