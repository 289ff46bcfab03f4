/** `ace-dt mirror clone`. */
import { Args, Flags } from "@oclif/core";
import { MirrorCommand } from "../base.ts";
import { checkOutputs, writeCheck } from "./check-table.ts";
import { gatherFlags, platformChoice } from "./gather-flags.ts";
import { routeFlags, selectorsOf } from "./route-flags.ts";

export default class Clone extends MirrorCommand {
  static override summary = "Send each image of a list straight to its own places.";
  static override description =
    "What gather and scatter do, with no repository in the middle: MAPPER, as in mirror scatter, says where each image goes. Each blob is read once, however many places need it, and mounted inside a registry. Running it again moves only what is new.";
  static override examples = [
    {
      description: "See what would go where, and how much would move",
      command: "<%= config.bin %> <%= command.id %> sources.list nest=reg.example.com/mirror --check",
    },
    {
      description: "Send the images to every place that the file names for them, and go on when one fails",
      command: "<%= config.bin %> <%= command.id %> sources.list all-prefix=destfile.csv --continue",
    },
  ];
  static override args = {
    "sources-file": Args.string({
      required: true,
      ignoreStdin: true,
      description: "One image reference a line, labels behind it: REFERENCE,key=value. - is standard input.",
    }),
    mapper: Args.string({
      required: true,
      ignoreStdin: true,
      description: "TYPE=ARGUMENT, as for mirror scatter.",
    }),
  };
  static override flags = {
    check: routeFlags.check,
    output: routeFlags.output,
    continue: Flags.boolean({
      description: "Go on when an image fails; the run ends with the list of failures, and 1.",
    }),
    platforms: gatherFlags.platforms,
    "platform-mode": gatherFlags["platform-mode"],
    selector: routeFlags.selector,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Clone);
    const outputs = checkOutputs(flags);
    const options = {
      sourcesFile: args["sources-file"],
      mapper: args.mapper,
      ...platformChoice(flags),
      selectors: selectorsOf(flags.selector),
      recursive: flags.recursive,
    };
    const { checkClone, clone } = await import("../../mirror/clone.ts");
    await this.perform(flags, async (run) => {
      if (!flags.check) return clone(options, flags.continue, run);
      return writeCheck(await checkClone(options, run), outputs, run.ui);
    });
  }
}
