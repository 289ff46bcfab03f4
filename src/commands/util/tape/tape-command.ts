/** What the commands of `ace-dt util tape` share: the drive, the form of the answer, and the run on a thread of its own. */
import { Args, Flags } from "@oclif/core";
import { AceError } from "../../../errors.ts";
import type { OnNotice } from "../../../pool/host/thread-contract.ts";
import type { Ui } from "../../../ui/open-ui.ts";
import { BaseCommand, type ParsedUiFlags, uiFlags, uiOptions } from "../../base.ts";

/** What a tape command is about. */
export const tapeArgs = {
  device: Args.string({
    required: true,
    ignoreStdin: true,
    description: "A tape drive that does not rewind by itself, such as /dev/nst0.",
  }),
};

const forms = ["table", "json"] as const;

/** How an answer is printed. */
export type TapeForm = (typeof forms)[number];

/** The flags of a tape command. @param description of `-o` */
export function tapeFlags(description: string) {
  return { output: Flags.string({ char: "o", helpValue: forms.join("|"), description }), ...uiFlags };
}

/** `-o` of commands that always have an answer. */
export const answerFlags = tapeFlags("How to print the answer (default: table).");

/**
 * The value of `-o`; undefined when it was not given.
 * @throws AceError `usage`
 */
export function parseForm(text: string | undefined): TapeForm | undefined {
  const form = forms.find((known) => known === text);
  if (form !== undefined || text === undefined) return form;
  throw new AceError("usage", `Cannot use ${JSON.stringify(text)} as --output: there is no such form`, {
    hint: `Write ${forms.join(" or ")}.`,
  });
}

/** A command that asks or moves a drive. */
export abstract class TapeCommand extends BaseCommand {
  /** Does the work with a user interface, which is closed in the end whatever happens. */
  protected async perform(
    flags: ParsedUiFlags,
    work: (ui: Ui, notice: OnNotice) => Promise<void>,
  ): Promise<void> {
    const { openUi } = await import("../../../ui/open-ui.ts");
    const ui = openUi(uiOptions(flags));
    try {
      await work(ui, ui.log.bind(ui));
    } finally {
      ui.close();
    }
  }
}
