/** `ace-dt mirror archive`. */
import { Args, Flags } from "@oclif/core";
import { MirrorCommand } from "../base.ts";
import { gatherChoice, gatherFlags } from "./gather-flags.ts";
import { mediumChoice, mediumFlags } from "./medium-flags.ts";
import { takeTag } from "./trailing-tag.ts";

export default class Archive extends MirrorCommand {
  static override summary = "Write the images of a list straight to a tar file, a pipe or a tape.";
  static override description =
    "What gather and serialize do, with no repository in the middle: each blob goes from its own registry into the archive, which has the same bytes. Nothing is kept on this machine's disk. An archive has all images of the list: when one cannot be had, none is begun.";
  static override examples = [
    {
      description: "The images of sources.list to a file, under the tag sync-1",
      command: "<%= config.bin %> <%= command.id %> sources.list sync-1.tar sync-1",
    },
    {
      description: "Without what the other side has already",
      command:
        "<%= config.bin %> <%= command.id %> sources.list sync-2.tar reg.example.com/gather:sync-1 --reference sync-2",
    },
  ];
  static override args = {
    "sources-file": Args.string({
      required: true,
      ignoreStdin: true,
      description: "One image reference a line, labels behind it: REFERENCE,key=value. - is standard input.",
    }),
    "dest-file": Args.string({
      required: true,
      ignoreStdin: true,
      description: "A file, a tape or another device, a pipe, or - for standard output.",
    }),
    "existing-image": Args.string({
      multiple: true,
      ignoreStdin: true,
      description: "Images whose blobs the other side has. A last word without / is the TAG for the index.",
    }),
  };
  static override flags = {
    ...gatherFlags,
    ...mediumFlags,
    reference: Flags.string({
      helpValue: "TAG",
      description: "What the index of the images is called in the archive (default latest).",
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Archive);
    const { images, tag } = takeTag(args["existing-image"] ?? [], flags.reference);
    const options = {
      sourcesFile: args["sources-file"],
      destination: args["dest-file"],
      existing: images,
      tag,
      ...gatherChoice(flags),
      ...mediumChoice(flags),
      recursive: flags.recursive,
    };
    const { archive } = await import("../../mirror/archive.ts");
    await this.perform(flags, (run) => archive(options, run));
  }
}
