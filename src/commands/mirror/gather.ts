/** `ace-dt mirror gather`. */
import { Args } from "@oclif/core";
import { MirrorCommand } from "../base.ts";
import { gatherChoice, gatherFlags } from "./gather-flags.ts";

export default class Gather extends MirrorCommand {
  static override summary = "Copy every image of a list into one repository, and tag an index of them all.";
  static override description =
    "Images go from registry to registry; nothing is kept on this machine's disk, unless cachePath in the configuration names a place. Running it again moves only what is new.";
  static override examples = [
    {
      description: "Gather the images of sources.list for the 45th time",
      command: "<%= config.bin %> <%= command.id %> sources.list reg.example.com/gather:sync-45",
    },
    {
      description: "Only two platforms, with signatures, for a registry that takes no index in an index",
      command:
        "<%= config.bin %> <%= command.id %> sources.list reg.example.com/gather:sync-45 -p linux/amd64,linux/arm64 -r --index-fallback",
    },
  ];
  static override args = {
    "sources-file": Args.string({
      required: true,
      ignoreStdin: true,
      description: "One image reference a line, labels behind it: REFERENCE,key=value. - is standard input.",
    }),
    image: Args.string({
      required: true,
      ignoreStdin: true,
      description: "Where to, with the tag for the index.",
    }),
  };
  static override flags = gatherFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Gather);
    const options = {
      sourcesFile: args["sources-file"],
      image: args.image,
      ...gatherChoice(flags),
      recursive: flags.recursive,
    };
    const { gather } = await import("../../mirror/gather.ts");
    await this.perform(flags, (run) => gather(options, run));
  }
}
