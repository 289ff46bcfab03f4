/** `ace-dt mirror serialize`. */
import { Args } from "@oclif/core";
import { MirrorCommand } from "../base.ts";
import { mediumChoice, mediumFlags } from "./medium-flags.ts";

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
  static override flags = mediumFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Serialize);
    const options = {
      image: args.image,
      destination: args.dest,
      existing: args["existing-image"] ?? [],
      ...mediumChoice(flags),
      recursive: flags.recursive,
    };
    const { serialize } = await import("../../mirror/serialize.ts");
    await this.perform(flags, (run) => serialize(options, run));
  }
}
