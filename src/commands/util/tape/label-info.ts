/** `ace-dt util tape label-info`. */
import { stopSignal } from "../../stop-signal.ts";
import { answerFlags, parseForm, TapeCommand, tapeArgs } from "./tape-command.ts";

export default class TapeLabelInfo extends TapeCommand {
  static override summary = "List the files of a tape and say what each of them is. Rewinds the tape.";
  static override description =
    "Goes from the beginning of the tape from file to file, reads one block of each, and leaves the tape rewound. Data with their catalogue behind them are named as the volume that they are: which one of which set, and which bytes of the archive. -v info shows each file as it is found.";
  static override examples = [
    { description: "What is on this cartridge?", command: "<%= config.bin %> <%= command.id %> /dev/nst0" },
    { description: "For a program", command: "<%= config.bin %> <%= command.id %> /dev/nst0 -o json" },
  ];
  static override args = tapeArgs;
  static override flags = answerFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(TapeLabelInfo);
    const { device } = args;
    const form = parseForm(flags.output) ?? "table";
    const [{ runTapeJob }, { nameFiles }, { fileColumns, fileFields }, { formatJson }, { formatTable }] =
      await Promise.all([
        import("../../../pool/media/tape-job.ts"),
        import("../../../tape/drive/tape-volumes.ts"),
        import("./files-table.ts"),
        import("../../../ui/records.ts"),
        import("../../../ui/table.ts"),
      ]);
    await this.perform(flags, async (ui, notice) => {
      const survey = await runTapeJob({ kind: "survey", device, verb: "read" }, stopSignal, notice);
      const files = nameFiles(survey.files);
      if (form === "json") ui.print(formatJson(fileFields, files));
      else ui.print(files.length === 0 ? "blank" : formatTable(fileColumns, files));
    });
  }
}
