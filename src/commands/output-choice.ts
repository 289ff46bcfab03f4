/** `-o KIND[=FILE]`: in which forms, and where to, a command's rows are written. */
import { lstat, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { AceError, systemCodeOf } from "../errors.ts";
import { replaceFile } from "../system/replace-file.ts";
import type { Ui } from "../ui/open-ui.ts";
import { formatCsv, formatJson } from "../ui/records.ts";
import { type Column, formatTable } from "../ui/table.ts";
import { repeatableFlag } from "./flag-values.ts";

const kinds = ["table", "json", "csv"] as const;

/** One form, and the file it goes to; standard output when there is none. */
export interface OutputChoice {
  kind: (typeof kinds)[number];
  file: string | undefined;
}

/** `-o`, read by {@link parseOutputs}. */
export const outputFlag = repeatableFlag({
  char: "o",
  helpValue: "table|json|csv[=FILE]",
  description:
    "How to print the result, to FILE instead of standard output when one is named. May be given again.",
});

/**
 * The values of `-o`: each one or more with commas between; a table on standard output when there is none.
 * @throws AceError `usage`
 */
export function parseOutputs(texts: readonly string[] | undefined): OutputChoice[] {
  // Only a comma in front of a kind separates: file names may have commas too.
  const parts = (texts ?? []).flatMap((text) => text.split(/,(?=(?:table|json|csv)(?:[=,]|$))/));
  return parts.length === 0 ? [{ kind: "table", file: undefined }] : parts.map(parseOutput);
}

function parseOutput(text: string): OutputChoice {
  const [, name = text, equals, file = ""] = /^([^=]*)(=?)(.*)$/s.exec(text) ?? [];
  const kind = kinds.find((known) => known === name);
  const fail = (why: string): AceError =>
    new AceError("usage", `Cannot use ${JSON.stringify(text)} as --output: ${why}`, {
      hint: "Write table, json or csv, or one of them and a file, as in csv=list.csv.",
    });
  if (kind === undefined) throw fail(`there is no form ${JSON.stringify(name)}`);
  if (equals === "=" && file === "") throw fail("there is no file behind the =");
  return { kind, file: file === "" ? undefined : file };
}

/**
 * Writes the rows in every chosen form.
 * @throws AceError `usage` when a file cannot be written
 */
export async function writeOutputs<Row>(
  choices: readonly OutputChoice[],
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  ui: Ui,
): Promise<void> {
  for (const { kind, file } of choices) {
    if (file === undefined) ui.print(format(kind, columns, rows, terminalWidth()));
    else await writeOutput(file, `${format(kind, columns, rows, undefined)}\n`);
  }
}

function format<Row>(
  kind: OutputChoice["kind"],
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | undefined,
): string {
  if (kind === "csv") return formatCsv(columns, rows);
  return kind === "json" ? formatJson(columns, rows) : formatTable(columns, rows, width);
}

/** Undefined when standard output is no terminal: whoever reads it wants whole lines. */
function terminalWidth(): number | undefined {
  return process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : undefined;
}

async function writeOutput(file: string, text: string): Promise<void> {
  try {
    await writeWhole(file, text);
  } catch (cause) {
    throw new AceError(
      "usage",
      `Cannot write ${JSON.stringify(file)} for --output: ${systemCodeOf(cause) ?? "it cannot be opened"}`,
      {
        cause,
        hint: "Name a file in a directory that exists and that you may write to.",
      },
    );
  }
}

/** Whoever reads the file finds all of it, or what was there before. What is no plain file is written to as it is: a device, a pipe. */
async function writeWhole(file: string, text: string): Promise<void> {
  // Through /dev/stdout a plain file may be seen that somebody has open.
  const isOpen = /^\/(?:dev|proc)\//.test(resolve(file));
  const found = isOpen ? undefined : await stat(file).catch(unlessAbsent);
  const isNew = !isOpen && (await lstat(file).catch(unlessAbsent)) === undefined;
  if (!isNew && !found?.isFile()) {
    await writeFile(file, text);
    return;
  }
  const path = isNew ? file : await realpath(file);
  await replaceFile(path, text, { ingestDirectory: dirname(path), durable: false });
}

/** @throws everything but that there is no such file */
function unlessAbsent(error: unknown): undefined {
  if (systemCodeOf(error) !== "ENOENT") throw error;
  return undefined;
}
