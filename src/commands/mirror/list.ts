/** `ace-dt mirror list`. */
import { Args } from "@oclif/core";
import { MirrorCommand } from "../base.ts";
import { outputFlag, parseOutputs, writeOutputs } from "../output-choice.ts";
import { listColumns, listError, listNote } from "./list-table.ts";
import { archiveChoice, archiveFlags } from "./reading-flags.ts";

export default class List extends MirrorCommand {
  static override summary = "List the images in an archive, without any registry.";
  static override description =
    "Prints source reference, labels, platforms, size and digest of every image, and whether all of it is in this archive. Of a plain file only headers and manifests are read, however large it is; mirror verify reads everything.";
  static override examples = [
    { description: "A file", command: "<%= config.bin %> <%= command.id %> sync45.tar" },
    {
      description: "For a program",
      command: "<%= config.bin %> <%= command.id %> sync45.tar -o json",
    },
  ];
  static override args = {
    archive: Args.string({
      required: true,
      ignoreStdin: true,
      description:
        "A file, a set of volumes (its name without .001), a tape or another device, a pipe, or - for standard input.",
    }),
  };
  static override flags = {
    output: outputFlag,
    ...archiveFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(List);
    const outputs = parseOutputs(flags.output);
    const options = {
      archive: args.archive,
      ...archiveChoice(flags),
    };
    const { list } = await import("../../mirror/list.ts");
    await this.perform(flags, async (run) => {
      const result = await list(options, run);
      await writeOutputs(outputs, listColumns, result.rows, run.ui);
      for (const notice of result.notices) run.ui.log("warn", notice);
      const error = listError(result);
      if (error !== undefined) throw error;
      run.ui.note(listNote(result));
      return undefined;
    });
  }
}
