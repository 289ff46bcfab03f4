/** `ace-dt mirror deserialize`. */
import { Args } from "@oclif/core";
import { MirrorCommand } from "../base.ts";
import { readingChoice, readingFlags } from "./reading-flags.ts";

export default class Deserialize extends MirrorCommand {
  static override summary = "Read an archive and push everything in it to one repository, the tag last.";
  static override description =
    "Plain, gzip and zstd archives are told apart by their first bytes. Blobs that the repository has are not pushed again; a part that lacks blobs is completed from them.";
  static override examples = [
    {
      description: "From a tape",
      command: "<%= config.bin %> <%= command.id %> /dev/nst0 reg.high.example.com/scatter:sync-45",
    },
    {
      description: "Check a file without pushing anything",
      command:
        "<%= config.bin %> <%= command.id %> sync45.tar reg.high.example.com/scatter:sync-45 --dry-run --strict",
    },
  ];
  static override args = {
    "source-file": Args.string({
      required: true,
      ignoreStdin: true,
      description:
        "A file, a set of volumes (its name without .001), a tape or another device, a pipe, or - for standard input.",
    }),
    image: Args.string({
      required: true,
      ignoreStdin: true,
      description: "Where to, with the tag for the index.",
    }),
  };
  static override flags = readingFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Deserialize);
    const options = {
      source: args["source-file"],
      image: args.image,
      ...readingChoice(flags),
      recursive: flags.recursive,
    };
    const { deserialize } = await import("../../mirror/deserialize.ts");
    await this.perform(flags, (run) => deserialize(options, run));
  }
}
