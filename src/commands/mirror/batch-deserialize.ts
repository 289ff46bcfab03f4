/** `ace-dt mirror batch-deserialize`. */
import { Args, Flags } from "@oclif/core";
import { parseByteSize } from "../../config/bytes.ts";
import { syncFileNames } from "../../lists/batch-records.ts";
import { MirrorCommand } from "../base.ts";
import Deserialize from "./deserialize.ts";

export default class BatchDeserialize extends MirrorCommand {
  static override summary = "Push each archive of a directory that was not pushed yet to one repository.";
  static override description =
    "NNNNNN-NAME.tar (.tar.zst, .tar.gz) becomes DESTINATION:NAME, in the order of the numbers; other files are left alone. successful_syncs.csv says what is done. One archive that fails stops no other; the run then ends with the list of failures, and 1. Running it again goes on.";
  static override examples = [
    {
      description: "What has come over",
      command: "<%= config.bin %> <%= command.id %> sync/data reg.high.example.com/sync",
    },
    {
      description: "From a disc, with the records elsewhere",
      command:
        "<%= config.bin %> <%= command.id %> /media/disc reg.high.example.com/sync --sync-filename /var/lib/mirror/successful_syncs.csv",
    },
  ];
  static override args = {
    "sync-directory": Args.string({
      required: true,
      ignoreStdin: true,
      description: "Where the archives are.",
    }),
    destination: Args.string({
      required: true,
      ignoreStdin: true,
      description: "A repository, without a tag.",
    }),
  };
  static override flags = {
    "sync-filename": Flags.string({
      default: syncFileNames[0],
      helpValue: "FILE",
      description:
        "The record of what is done, in SYNC-DIRECTORY or an absolute path. Of successful_syncs.csv and successful-syncs.csv the other one counts too.",
    }),
    "block-size": Deserialize.flags["block-size"],
    "buffer-size": Deserialize.flags["buffer-size"],
    strict: Deserialize.flags.strict,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(BatchDeserialize);
    const options = {
      syncDirectory: args["sync-directory"],
      destination: args.destination,
      syncFilename: flags["sync-filename"],
      blockBytes: parseByteSize(flags["block-size"], "--block-size"),
      windowBytes: parseByteSize(flags["buffer-size"], "--buffer-size"),
      strict: flags.strict,
      recursive: flags.recursive,
    };
    const { batchDeserialize } = await import("../../mirror/batch-deserialize.ts");
    await this.perform(flags, (run) => batchDeserialize(options, run));
  }
}
