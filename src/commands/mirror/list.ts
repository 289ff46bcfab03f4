/** `ace-dt mirror list`. */
import { Args } from "@oclif/core";
import { parseByteSize } from "../../config/bytes.ts";
import { MirrorCommand } from "../base.ts";
import { byteSizeFlag, parseReadingPosition, positionFlag } from "../flag-values.ts";
import { outputFlag, parseOutputs, writeOutputs } from "../output-choice.ts";
import { listColumns, listError, listNote } from "./list-table.ts";

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
      description: "A file, a tape or another device, a pipe, or - for standard input.",
    }),
  };
  static override flags = {
    output: outputFlag,
    "block-size": byteSizeFlag({
      char: "b",
      default: "0",
      description: "Bytes of each read; on a tape at least the size of its blocks. 0 finds out.",
    }),
    position: positionFlag,
    "buffer-size": byteSizeFlag({
      char: "m",
      default: "0",
      description: "Size of the memory buffer for what is no plain file; 0 is automatic.",
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(List);
    const outputs = parseOutputs(flags.output);
    const options = {
      archive: args.archive,
      blockBytes: parseByteSize(flags["block-size"], "--block-size"),
      tapePosition: parseReadingPosition(flags.position),
      windowBytes: parseByteSize(flags["buffer-size"], "--buffer-size"),
    };
    const { list } = await import("../../mirror/list.ts");
    await this.perform(flags, async (run) => {
      const result = await list(options, run);
      await writeOutputs(outputs, listColumns, result.rows, run.ui);
      for (const notice of result.notices) run.ui.log("warn", notice);
      const error = listError(result, options.archive);
      if (error !== undefined) throw error;
      run.ui.note(listNote(result));
      return undefined;
    });
  }
}
