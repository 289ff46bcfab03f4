/** `ace-dt util tape eject`. */
import { tapeArgs } from "./tape-command.ts";
import { moveFlags, TapeMoveCommand } from "./tape-move-command.ts";

export default class TapeEject extends TapeMoveCommand {
  static override summary = "Rewind the tape and put it out of the drive.";
  static override description =
    "Waits for a drive that is loading, and until the tape is out, which takes up to two minutes.";
  static override examples = [
    { description: "At the end of the day", command: "<%= config.bin %> <%= command.id %> /dev/nst0" },
    { description: "In a script", command: "<%= config.bin %> <%= command.id %> /dev/nst0 -o json" },
  ];
  static override args = tapeArgs;
  static override flags = moveFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(TapeEject);
    await this.move("eject", args.device, flags);
  }
}
