/** `ace-dt util tape status`. */
import { stopSignal } from "../../stop-signal.ts";
import { answerFlags, parseForm, TapeCommand, tapeArgs } from "./tape-command.ts";

export default class TapeStatus extends TapeCommand {
  static override summary = "Say how a drive and its tape are, without moving anything.";
  static override description =
    "State, position, write protection, block mode, density, compression, limits, cleaning, TapeAlert flags, and what is left of the tape. The last ones are asked with SCSI commands, which only root may send; without them they are left out. A drive shows a TapeAlert flag once.";
  static override examples = [
    { description: "For people", command: "<%= config.bin %> <%= command.id %> /dev/nst0" },
    { description: "For a program", command: "<%= config.bin %> <%= command.id %> /dev/nst0 -o json" },
  ];
  static override args = tapeArgs;
  static override flags = answerFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(TapeStatus);
    const form = parseForm(flags.output) ?? "table";
    const [{ runTapeJob }, { formatReport }] = await Promise.all([
      import("../../../pool/media/tape-job.ts"),
      import("./report-lines.ts"),
    ]);
    await this.perform(flags, async (ui, notice) => {
      const report = await runTapeJob({ kind: "report", device: args.device }, stopSignal, notice);
      ui.print(formatReport(args.device, report, form));
    });
  }
}
