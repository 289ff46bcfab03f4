/** `ace-dt mirror verify`. */
import { Args, Flags } from "@oclif/core";
import { MirrorCommand } from "../base.ts";
import { repeatableFlag } from "../flag-values.ts";
import { outputFlag, parseOutputs, writeOutputs } from "../output-choice.ts";
import { archiveChoice, archiveFlags } from "./reading-flags.ts";
import { faultColumns, faultsError, verifySummary } from "./verify-table.ts";

export default class Verify extends MirrorCommand {
  static override summary = "Check that archives are whole and right, without any registry.";
  static override description =
    "Hashes everything in the archives, and checks that all that their images need is there. Several archives are the parts of one set: what one lacks may be in another. Every fault is listed, with its byte, digest and image; then the exit code is 6.";
  static override examples = [
    { description: "A file", command: "<%= config.bin %> <%= command.id %> sync45.tar" },
    {
      description: "Two parts, with the checkpoint of the first",
      command: "<%= config.bin %> <%= command.id %> part1.tar part2.tar --checkpoint part1.txt",
    },
  ];
  static override args = {
    archive: Args.string({
      required: true,
      multiple: true,
      ignoreStdin: true,
      description: "Files, sets of volumes, tapes or other devices, pipes, or - for standard input.",
    }),
  };
  static override flags = {
    output: outputFlag,
    checkpoint: repeatableFlag({
      helpValue: "FILE",
      description:
        "A checkpoint file that must agree with the archive; the first one belongs to the first archive, and so on.",
    }),
    partial: Flags.boolean({
      description: "Blobs that an archive leaves out, since the other side has them, are no fault.",
    }),
    ...archiveFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Verify);
    const outputs = parseOutputs(flags.output);
    const options = {
      archives: args.archive,
      checkpoints: flags.checkpoint ?? [],
      partial: flags.partial,
      ...archiveChoice(flags),
    };
    const { verify } = await import("../../mirror/verify.ts");
    await this.perform(flags, async (run) => {
      const result = await verify(options, run);
      for (const notice of result.notices) run.ui.log("warn", notice);
      const { faults, names } = result;
      // A table of nothing helps nobody; for programs an empty list is an answer.
      const written = outputs.filter(({ kind }) => kind !== "table" || faults.length > 0);
      await writeOutputs(written, faultColumns, faults, run.ui);
      const isShown = !flags.quiet && written.some(({ file }) => file === undefined);
      if (faults.length > 0) throw faultsError(faults, names, isShown);
      run.ui.note(verifySummary(result, options.archives.length));
      return undefined;
    });
  }
}
