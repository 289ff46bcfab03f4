/** `ace-dt mirror batch-serialize`. */
import { Args, Flags } from "@oclif/core";
import { trackerName } from "../../lists/batch-records.ts";
import { MirrorCommand } from "../base.ts";
import { mediumFlags, shapeChoice } from "./medium-flags.ts";

export default class BatchSerialize extends MirrorCommand {
  static override summary =
    "Write each artifact of a list that is new to a numbered archive in one directory.";
  static override description =
    "An artifact is new when its digest is another than that of the last archive of its name; blobs that earlier archives of its name have are left out. Archives are NNNNNN-NAME.tar, and record-keeping.csv says what each has. One artifact that fails stops no other; the run then ends with the list of failures, and 1. Running it again goes on.";
  static override examples = [
    {
      description: "What is new of three artifacts, compressed",
      command: "<%= config.bin %> <%= command.id %> batch.csv sync/data --compression zstd",
    },
    {
      description: "Again, a day later: what has its record is left alone",
      command: "<%= config.bin %> <%= command.id %> batch.csv sync/data",
    },
  ];
  static override args = {
    "batch-list": Args.string({
      required: true,
      ignoreStdin: true,
      description:
        "CSV of name,artifact with a header; NAME becomes a part of the archive's name, and a tag. - is standard input.",
    }),
    "sync-directory": Args.string({
      required: true,
      ignoreStdin: true,
      description: "Where archives and records are; made when it is not there.",
    }),
  };
  static override flags = {
    "tracker-filename": Flags.string({
      default: trackerName,
      helpValue: "FILE",
      description: "The record of what was serialized, in SYNC-DIRECTORY or an absolute path.",
    }),
    compression: mediumFlags.compression,
    "compression-level": mediumFlags["compression-level"],
    "manifest-json": mediumFlags["manifest-json"],
    "block-size": mediumFlags["block-size"],
    "buffer-size": mediumFlags["buffer-size"],
    hwm: mediumFlags.hwm,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(BatchSerialize);
    const options = {
      batchList: args["batch-list"],
      syncDirectory: args["sync-directory"],
      trackerFilename: flags["tracker-filename"],
      ...shapeChoice(flags),
      recursive: flags.recursive,
    };
    const { batchSerialize } = await import("../../mirror/batch-serialize.ts");
    await this.perform(flags, (run) => batchSerialize(options, run));
  }
}
