/** `ace-dt util tape rewind`, `eod` and `eject`: they move the tape, and say nothing unless they are asked to. */
import type { TapeMove } from "../../../tape/drive/move-tape.ts";
import { stopSignal } from "../../stop-signal.ts";
import { parseForm, TapeCommand, tapeArgs, tapeFlags } from "./tape-command.ts";

interface MoveWords {
  summary: string;
  description: string;
  /** Arguments behind the command's name, by what they are for. */
  examples: Readonly<Record<string, string>>;
}

const moveFlags = tapeFlags("Print where the tape stands then; nothing is printed without this.");

function moveCommand(move: TapeMove, { summary, description, examples }: MoveWords) {
  return class TapeMoveCommand extends TapeCommand {
    static override summary = summary;
    static override description = description;
    static override examples = Object.entries(examples).map(([what, words]) => ({
      description: what,
      command: `<%= config.bin %> <%= command.id %> ${words}`,
    }));
    static override args = tapeArgs;
    static override flags = moveFlags;

    override async run(): Promise<void> {
      const { args, flags } = await this.parse(TapeMoveCommand);
      const { device } = args;
      const form = parseForm(flags.output);
      const [{ runTapeJob }, { formatHead }] = await Promise.all([
        import("../../../pool/media/tape-job.ts"),
        import("./report-lines.ts"),
      ]);
      await this.perform(flags, async (ui, notice) => {
        const head = await runTapeJob({ kind: "move", device, move }, stopSignal, notice);
        if (form !== undefined) ui.print(formatHead(device, head, form));
      });
    }
  };
}

export const TapeRewind = moveCommand("rewind", {
  summary: "Wind the tape to its beginning.",
  description:
    "Waits for a drive that is loading, and until the tape is there, which takes up to two minutes.",
  examples: {
    "Before the first file is read": "/dev/nst0",
    "And say where the tape stands then": "/dev/nst0 -o table",
  },
});

export const TapeEod = moveCommand("eod", {
  summary: "Wind the tape behind everything that is written.",
  description:
    "That is where a new archive can be appended. Waits for a drive that is loading, and until the tape is there, which takes up to two minutes.",
  examples: {
    "Before something is appended": "/dev/nst0",
    "Where does the next archive begin?": "/dev/nst0 -o json",
  },
});

export const TapeEject = moveCommand("eject", {
  summary: "Rewind the tape and put it out of the drive.",
  description: "Waits for a drive that is loading, and until the tape is out, which takes up to two minutes.",
  examples: { "At the end of the day": "/dev/nst0", "In a script": "/dev/nst0 -o json" },
});
