/** `ace-dt util tape rewind`. */
import { tapeArgs } from "./tape-command.ts";
import { moveFlags, TapeMoveCommand } from "./tape-move-command.ts";

export default class TapeRewind extends TapeMoveCommand {
  static override summary = "Wind the tape to its beginning.";
  static override description =
    "Waits for a drive that is loading, and until the tape is there, which takes up to two minutes.";
  static override examples = [
    {
      description: "Before the first file is read",
      command: "<%= config.bin %> <%= command.id %> /dev/nst0",
    },
    {
      description: "And say where the tape stands then",
      command: "<%= config.bin %> <%= command.id %> /dev/nst0 -o table",
    },
  ];
  static override args = tapeArgs;
  static override flags = moveFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(TapeRewind);
    await this.move("rewind", args.device, flags);
  }
}
