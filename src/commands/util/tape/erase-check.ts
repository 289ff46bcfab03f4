/** `ace-dt util tape erase-check`. */
import { AceError } from "../../../errors.ts";
import { stopSignal } from "../../stop-signal.ts";
import { answerFlags, parseForm, TapeCommand, tapeArgs } from "./tape-command.ts";

/** Who sees so many knows that it is not a tape to be written over; more would take minutes to find. */
const mostFiles = 6;

export default class TapeEraseCheck extends TapeCommand {
  static override summary =
    "Say whether anything would be lost if the tape were written over. Rewinds the tape.";
  static override description =
    "Ends with 0 and says blank when nothing is on the tape, and with 7 otherwise, naming what is there; behind the first six files it says only that there is more. Nothing is ever erased.";
  static override examples = [
    { description: "Is this cartridge blank?", command: "<%= config.bin %> <%= command.id %> /dev/nst0" },
    {
      description: "What is there, for a program",
      command: "<%= config.bin %> <%= command.id %> /dev/nst0 -o json",
    },
  ];
  static override args = tapeArgs;
  static override flags = answerFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(TapeEraseCheck);
    const { device } = args;
    const form = parseForm(flags.output) ?? "table";
    const [{ runTapeJob }, { nameFiles }, { fileFields, fileLine }, { rowObjects, formatJsonValue }] =
      await Promise.all([
        import("../../../pool/media/tape-job.ts"),
        import("../../../tape/drive/tape-volumes.ts"),
        import("./files-table.ts"),
        import("../../../ui/records.ts"),
      ]);
    await this.perform(flags, async (ui, notice) => {
      const job = { kind: "survey", device, verb: "read", maxFiles: mostFiles } as const;
      const { files, more, writeProtected } = await runTapeJob(job, stopSignal, notice);
      const named = nameFiles(files);
      const blank = files.length === 0;
      if (form === "json")
        ui.print(
          formatJsonValue({ device, blank, writeProtected, more, files: rowObjects(fileFields, named) }),
        );
      if (!blank)
        throw lossError(device, [...named.map(fileLine), ...(more ? ["and more"] : [])], writeProtected);
      if (form === "table") ui.print(writeProtected ? "blank, and write-protected" : "blank");
    });
  }
}

function lossError(device: string, found: readonly string[], writeProtected: boolean): AceError {
  return new AceError("medium", `Cannot erase ${device} without loss: the tape is not blank`, {
    details: [...found, ...(writeProtected ? ["the tape is write-protected"] : [])],
    hint: "Nothing was erased. Take another cartridge, or write over this one with --position bot --force.",
  });
}
