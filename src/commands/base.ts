/** What all commands share: errors that pass through untouched, and for the mirror's the global flags and the run. */
import { Command, Flags } from "@oclif/core";
import type { RunContext } from "../run/run.ts";
import type { UiOptions } from "../ui/open-ui.ts";
import type { RunSummary } from "../ui/summary.ts";
import { environment } from "./environment.ts";
import { stopSignal } from "./stop-signal.ts";
import { defaultVerbosity, parseVerbosity } from "./verbosity.ts";
import { version } from "./version-info.ts";

/** `--config`, for every command that reads the configuration. */
export const configFlag = Flags.string({
  multiple: true,
  multipleNonGreedy: true,
  helpValue: "FILE",
  description:
    "Configuration file; of several the first that exists is used (also ACE_DT_CONFIG). Without it: ace-dt-config.yaml, ~/.config/ace/dt/config.yaml, /etc/ace/dt/config.yaml.",
});

/** What is said and shown, for every command that runs for a while. */
export const uiFlags = {
  verbosity: Flags.string({
    char: "v",
    helpValue: "LEVEL",
    description: "How much to log: error, warn (default), info, debug or a number (also ACE_DT_VERBOSITY).",
  }),
  quiet: Flags.boolean({
    char: "q",
    description: "Nothing on standard output and no progress; errors are still shown.",
  }),
  "no-term": Flags.boolean({ description: "Plain progress lines, also on a terminal." }),
  debug: Flags.string({
    helpValue: "FILE",
    description: "Write all events of the user interface to FILE.",
  }),
};

/** {@link uiFlags}, parsed. */
export interface ParsedUiFlags {
  verbosity: string | undefined;
  quiet: boolean;
  "no-term": boolean;
  debug: string | undefined;
}

/** The flags of every mirror command, parsed. */
export interface GlobalFlags extends ParsedUiFlags {
  config: string[] | undefined;
  recursive: boolean;
}

/** A command whose errors are printed by the program, not by oclif. */
export abstract class BaseCommand extends Command {
  protected override async catch(error: Error): Promise<never> {
    throw error;
  }
}

/** A command that moves images. */
export abstract class MirrorCommand extends BaseCommand {
  static override baseFlags = {
    recursive: Flags.boolean({
      char: "r",
      description: "Copy also what refers to the images: signatures, SBOMs.",
    }),
    config: configFlag,
    ...uiFlags,
  };

  /**
   * Does the work of a verb with everything it needs, prints its closing line if it has one, and lets go of everything in the
   * end.
   */
  protected async perform(
    flags: GlobalFlags,
    work: (run: RunContext) => Promise<RunSummary | undefined>,
  ): Promise<void> {
    const showing = uiOptions(flags);
    const [{ loadConfig }, { Registries }, { openRun }, { openUi }] = await Promise.all([
      import("../config/load-config.ts"),
      import("../config/registries.ts"),
      import("../run/run.ts"),
      import("../ui/open-ui.ts"),
    ]);
    const config = await loadConfig({ configFlags: flags.config ?? [], environment });
    const registries = new Registries(config, environment);
    const ui = openUi(showing);
    try {
      const run = openRun({ config, registries, ui, signal: stopSignal, version });
      try {
        const summary = await work(run);
        if (summary !== undefined) ui.finish(summary);
      } finally {
        await run.close();
      }
    } finally {
      ui.close();
    }
  }
}

/**
 * What the flags say of the user interface.
 * @throws AceError `usage` or `config` for a level that is none
 */
export function uiOptions(flags: ParsedUiFlags): UiOptions {
  return {
    quiet: flags.quiet,
    noTerm: flags["no-term"],
    verbosity: verbosityOf(flags),
    debugFile: flags.debug,
  };
}

function verbosityOf(flags: ParsedUiFlags): number {
  if (flags.verbosity !== undefined) return parseVerbosity(flags.verbosity, "--verbosity", "usage");
  const variable = environment.ACE_DT_VERBOSITY;
  return variable ? parseVerbosity(variable, "ACE_DT_VERBOSITY", "config") : defaultVerbosity;
}
