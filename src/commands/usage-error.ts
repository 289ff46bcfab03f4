/** Turns oclif's complaints about a command line into ours. */
import { Errors } from "@oclif/core";
import { AceError } from "../errors.ts";

/**
 * An oclif error as a `usage` error; anything else as it is.
 * @param id the command, as in `mirror:gather`
 */
export function toUsageError(error: unknown, id: string): unknown {
  if (!(error instanceof Errors.CLIError)) return error;
  const command = ["ace-dt", ...id.split(":")].join(" ").trim();
  const [first = "", ...rest] = error.message
    .replace(/\n+Note: [\s\S]*$/, "")
    .replace(/\nSee more help with --help$/, "")
    .split("\n");
  const why = `${first.charAt(0).toLowerCase()}${first.slice(1)}`.replace(/:$/, "");
  return new AceError("usage", `Cannot run ${command}: ${why}`, {
    // The lines name the missing arguments, which help writes in capitals.
    details: rest
      .filter((line) => line.trim() !== "")
      .map((line) => `  ${line.trim().replace(/^\S+/, (name) => name.toUpperCase())}`),
    hint: `${command} --help says what it takes.`,
  });
}
