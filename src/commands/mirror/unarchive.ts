/** `ace-dt mirror unarchive`. */
import { Args, Flags } from "@oclif/core";
import { MirrorCommand } from "../base.ts";
import { checkOutputs, writeCheck } from "./check-table.ts";
import { readingChoice, readingFlags } from "./reading-flags.ts";
import { routeChoice, routeFlags } from "./route-flags.ts";
import { chooseTag } from "./trailing-tag.ts";

export default class Unarchive extends MirrorCommand {
  static override summary = "Send each image of an archive straight to its own places.";
  static override description =
    "What deserialize and scatter do, with no repository in the middle: MAPPER, as in mirror scatter, says where each image goes. Out of a plain file each blob is read where it lies, once for each registry; a pipe, a tape or a compressed file passes once, into the local store (cachePath), and is read there. What is at its place already is not sent again.";
  static override examples = [
    {
      description: "See what would go where, and how much would move",
      command: "<%= config.bin %> <%= command.id %> sync-45.tar nest=reg.high.example.com/mirror --check",
    },
    {
      description: "Send the images with a label to every place that the file names for them",
      command: "<%= config.bin %> <%= command.id %> sync-45.tar all-prefix=destfile.csv sync-45 -l tier=web",
    },
  ];
  static override args = {
    "tar-file": Args.string({
      required: true,
      ignoreStdin: true,
      description:
        "A file, a set of volumes (its name without .001), a tape or another device, a pipe, or - for standard input.",
    }),
    mapper: Args.string({
      required: true,
      ignoreStdin: true,
      description: "TYPE=ARGUMENT, as for mirror scatter.",
    }),
    tag: Args.string({
      ignoreStdin: true,
      description: "The tag in the archive; needed only when it holds images of several tags.",
    }),
  };
  static override flags = {
    ...readingFlags,
    ...routeFlags,
    reference: Flags.string({ helpValue: "TAG", description: "The same as TAG." }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Unarchive);
    const outputs = checkOutputs(flags);
    const options = {
      source: args["tar-file"],
      mapper: args.mapper,
      tag: chooseTag(args.tag, flags.reference),
      ...readingChoice(flags),
      ...routeChoice(flags),
      recursive: flags.recursive,
    };
    const { checkUnarchive, unarchive } = await import("../../mirror/unarchive.ts");
    await this.perform(flags, async (run) => {
      if (!flags.check) return unarchive(options, run);
      return writeCheck(await checkUnarchive(options, run), outputs, run.ui);
    });
  }
}
