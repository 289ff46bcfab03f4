/** `ace-dt mirror scatter`. */
import { Args } from "@oclif/core";
import { MirrorCommand } from "../base.ts";
import { checkOutputs, writeCheck } from "./check-table.ts";
import { routeChoice, routeFlags } from "./route-flags.ts";

export default class Scatter extends MirrorCommand {
  static override summary = "Send each image of a gathered IMAGE to its own places.";
  static override description =
    "MAPPER says where: nest=REPOSITORY puts every image below one repository; first-prefix=FILE, all-prefix=FILE and longest-prefix=FILE replace prefixes by a CSV file of from,to; digests=FILE goes by a CSV file of digest,to. An image that the mapper says nothing about stays where it is.";
  static override examples = [
    {
      description: "See where everything would go",
      command:
        "<%= config.bin %> <%= command.id %> reg.high.example.com/scatter:sync-45 nest=reg.high.example.com --check",
    },
    {
      description: "Send the images with a label to every place that the file names for them",
      command:
        "<%= config.bin %> <%= command.id %> reg.high.example.com/scatter:sync-45 all-prefix=destfile.csv -l tier=web",
    },
  ];
  static override args = {
    image: Args.string({ required: true, ignoreStdin: true, description: "The gathered image." }),
    mapper: Args.string({ required: true, ignoreStdin: true, description: "TYPE=ARGUMENT, as below." }),
  };
  static override flags = routeFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Scatter);
    const outputs = checkOutputs(flags);
    const options = {
      image: args.image,
      mapper: args.mapper,
      ...routeChoice(flags),
      recursive: flags.recursive,
    };
    const { checkScatter, scatter } = await import("../../mirror/scatter.ts");
    await this.perform(flags, async (run) => {
      if (!flags.check) return scatter(options, run);
      return writeCheck(await checkScatter(options, run), outputs, run.ui);
    });
  }
}
