/** `ace-dt util tape eod`. */
import { tapeArgs } from "./tape-command.ts";
import { moveFlags, TapeMoveCommand } from "./tape-move-command.ts";

export default class TapeEod extends TapeMoveCommand {
  static override summary = "Wind the tape behind everything that is written.";
  static override description =
    "That is where a new archive can be appended. Waits for a drive that is loading, and until the tape is there, which takes up to two minutes.";
  static override examples = [
    { description: "Before something is appended", command: "<%= config.bin %> <%= command.id %> /dev/nst0" },
    {
      description: "Where does the next archive begin?",
      command: "<%= config.bin %> <%= command.id %> /dev/nst0 -o json",
    },
  ];
  static override args = tapeArgs;
  static override flags = moveFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(TapeEod);
    await this.move("eod", args.device, flags);
  }
}
