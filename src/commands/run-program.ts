/** Runs the program once: reads the command line, lets oclif run the command, says what went wrong, ends the process. */
import { type Command, run, settings } from "@oclif/core";
import { AceError, exitCodeOf, systemCodeOf, systemState } from "../errors.ts";
import type { GivenCommand } from "./advice-words.ts";
import { environment } from "./environment.ts";
import { formatError } from "./format-error.ts";
import { type CommandShapes, type FlagShape, readArguments } from "./read-arguments.ts";
import { listenForSignals, stoppedExitCode } from "./stop-signal.ts";
import { toUsageError } from "./usage-error.ts";
import { verbosityLevels, verbosityOf } from "./verbosity.ts";
import { version } from "./version-info.ts";

/** The commands by their oclif id. */
export type Commands = Readonly<Record<string, Command.Class>>;

/** What {@link runProgram} needs. */
export interface ProgramOptions {
  /** Without the program's own name. */
  argv: readonly string[];
  commands: Commands;
  /** The path of a module, embedded in the binary, that exports the commands as `COMMANDS`: oclif imports it. */
  commandsModule: string;
}

/** Runs the program; does not return. */
export async function runProgram(options: ProgramOptions): Promise<never> {
  listenForSignals();
  quietBrokenPipes();
  let given: GivenCommand = { id: "", argv: [], flags: new Set() };
  let code = 0;
  try {
    const shapes = shapesOf(options.commands);
    const { id, argv, help } = readArguments(expandHelp(options.argv), shapes);
    given = { id, argv, flags: new Set(Object.keys(shapes[id] ?? {})) };
    const wantsHelp = help || options.commands[id] === undefined;
    const words = wantsHelp ? [id, "--help"] : [id, ...argv];
    await runOclif(
      words.filter((word, index) => index > 0 || word !== ""),
      options,
    );
    // A signal that came too late to stop anything, or that a command takes as its normal end, is no failure.
    code = Number(process.exitCode ?? 0);
  } catch (thrown) {
    const error = toUsageError(thrown, given.id);
    code = stoppedExitCode() ?? exitCodeOf(error);
    process.stderr.write(formatError(error, given, wantsStack(options.argv)));
  }
  const failure = await flushed(process.stdout);
  if (failure !== undefined && code === 0) {
    code = exitCodeOf(failure);
    process.stderr.write(formatError(failure, given, false));
  }
  return process.exit(code);
}

/** `ace-dt help mirror gather` is `ace-dt mirror gather --help`, `ace-dt --version` is `ace-dt version`. */
function expandHelp(argv: readonly string[]): readonly string[] {
  if (argv[0] === "help") return [...argv.slice(1), "--help"];
  return argv[0] === "--version" ? ["version", ...argv.slice(1)] : argv;
}

function shapesOf(commands: Commands): CommandShapes {
  const shapes = Object.entries(commands).map(([id, command]) => {
    const flags = Object.entries({ ...command.baseFlags, ...command.flags });
    const entries = flags.map(([name, flag]): [string, FlagShape] => [
      name,
      { type: flag.type, char: flag.char, multiple: flag.type === "option" && flag.multiple === true },
    ]);
    return [id, Object.fromEntries(entries)] as const;
  });
  return Object.fromEntries(shapes);
}

/**
 * oclif looks for plugins, themes, manifests and a shell on the machine it runs on; every one of these is switched off, so that
 * the same binary does the same thing everywhere, also where there is no home, no passwd entry and nothing to write to.
 * Its variables are set here because it has no other switches; commands see the environment as it was (environment.ts).
 */
async function runOclif(argv: string[], { commandsModule }: ProgramOptions): Promise<void> {
  settings.enableAutoTranspile = false;
  process.env.SHELL ||= "/bin/sh";
  process.env.HOME ||= "/nonexistent";
  process.env.ACE_DT_DISABLE_THEME = "1";
  await run(argv, {
    root: "/",
    ignoreManifest: true,
    userPlugins: false,
    devPlugins: false,
    pjson: {
      name: "ace-dt",
      version,
      type: "module",
      oclif: {
        bin: "ace-dt",
        dirname: "ace-dt",
        topicSeparator: " ",
        commands: { strategy: "explicit", target: commandsModule, identifier: "COMMANDS" },
        helpOptions: { flagSortOrder: "none", maxWidth: 110 },
        topics: {
          mirror: { description: "Move images between registries, files and tapes." },
          util: { description: "Tools beside the mirror." },
          "util:tape": { description: "Ask and move a tape drive." },
        },
      },
    },
  });
}

/** A reader that goes away (`| head -1`) is no error: what nobody reads need not be written. */
function quietBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      if (systemCodeOf(error) !== "EPIPE") throw error;
    });
  }
}

/**
 * Resolves when everything written so far is on its way: `process.exit` would drop what a slow pipe has not taken. Only the end of the
 * stream tells; the callback of a further write comes at once in Bun, however much is left.
 * @returns why it cannot be written; undefined when it was, or when the reader went away
 */
function flushed(stream: NodeJS.WriteStream): Promise<AceError | undefined> {
  return new Promise((resolve) => {
    // oclif has a listener of its own, which throws.
    stream.removeAllListeners("error");
    stream.on("error", (cause) => {
      const code = systemCodeOf(cause);
      const message = `Cannot write to standard output: ${systemState(cause)}`;
      const failure = new AceError("medium", message, { cause });
      resolve(code === "EPIPE" || code === "ERR_STREAM_DESTROYED" ? undefined : failure);
    });
    stream.end(() => resolve(undefined));
  });
}

/** The stack is for `-v debug` only. Looked up in the raw line: the line itself may be what is wrong. */
function wantsStack(argv: readonly string[]): boolean {
  const texts = argv.flatMap((token, index) => {
    const match = /^(?:--verbosity|-v)(?:=?(.*))$/.exec(token);
    return match === null ? [] : [match[1] || (argv[index + 1] ?? "")];
  });
  const text = texts.at(-1) ?? environment.ACE_DT_VERBOSITY ?? "";
  return (verbosityOf(text) ?? 0) >= (verbosityLevels.debug ?? 12);
}
