/** `ace-dt mirror diff`. */
import { Args, Flags } from "@oclif/core";
import { MirrorCommand } from "../base.ts";
import { outputFlag, parseOutputs, writeOutputs } from "../output-choice.ts";
import { diffColumns, diffNotes } from "./diff-table.ts";

export default class Diff extends MirrorCommand {
  static override summary = "List the images of a gathered image that other images do not have.";
  static override description =
    "Prints source reference and digest of every image in MIRROR-ARTIFACT, an image that gather or deserialize pushed. Those that an EXISTING-IMAGE is or has gathered, by their digests, are left out.";
  static override examples = [
    {
      description: "What sync-45 brings that sync-44 did not",
      command:
        "<%= config.bin %> <%= command.id %> reg.example.com/gather:sync-45 reg.example.com/gather:sync-44",
    },
    {
      description: "A table with sizes to look at, and a file for a program",
      command:
        "<%= config.bin %> <%= command.id %> reg.example.com/gather:sync-45 --sizes -o table -o json=sync-45.json",
    },
  ];
  static override args = {
    "mirror-artifact": Args.string({ required: true, ignoreStdin: true, description: "The gathered image." }),
    "existing-image": Args.string({
      multiple: true,
      ignoreStdin: true,
      description: "Images that need not be listed.",
    }),
  };
  static override flags = {
    output: outputFlag,
    expand: Flags.boolean({
      description: "List the images of gathered images inside of MIRROR-ARTIFACT, instead of those.",
    }),
    sizes: Flags.boolean({
      description:
        "Add columns with the bytes of each image, those that other images of MIRROR-ARTIFACT have too, and those that an EXISTING-IMAGE has.",
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Diff);
    const outputs = parseOutputs(flags.output);
    const options = {
      artifact: args["mirror-artifact"],
      existing: args["existing-image"] ?? [],
      expand: flags.expand,
      sizes: flags.sizes,
      recursive: flags.recursive,
    };
    const { diff } = await import("../../mirror/diff.ts");
    await this.perform(flags, async (run) => {
      const result = await diff(options, run);
      await writeOutputs(outputs, diffColumns(flags.sizes), result.rows, run.ui);
      for (const note of diffNotes(result, options.artifact)) run.ui.note(note);
      return undefined;
    });
  }
}
