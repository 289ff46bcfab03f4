/** How `--check` of scatter and clone is printed. */

import type { CheckResult, CheckRow } from "../../copy/check-routes.ts";
import { AceError } from "../../errors.ts";
import { formatBytes, shortDigest } from "../../ui/format.ts";
import type { Ui } from "../../ui/open-ui.ts";
import type { Column } from "../../ui/table.ts";
import { type OutputChoice, parseOutputs, writeOutputs } from "../output-choice.ts";

const columns: readonly Column<CheckRow>[] = [
  { key: "source", value: (row) => row.source, short: (row) => shortReference(row.source), long: true },
  {
    key: "destination",
    value: (row) => row.destination,
    short: (row) => shortReference(row.destination),
    long: true,
  },
  {
    key: "digest",
    value: (row) => row.digest ?? null,
    short: (row) => shortDigest(row.digest ?? ""),
  },
  {
    key: "bytes",
    title: "TO MOVE",
    value: (row) => row.bytes ?? null,
    text: (row) => (row.bytes === undefined ? "?" : formatBytes(row.bytes)),
    right: true,
  },
  {
    key: "there",
    value: (row) => row.there,
    text: (row) => (row.there ? "already" : "no"),
  },
];

/** A reference with its digest shortened. */
function shortReference(reference: string): string {
  return reference.replace(/@.*$/, shortDigest);
}

/** In a table only when there is something in it. */
const problem: Column<CheckRow> = { key: "problem", value: (row) => row.problem ?? null, long: true };

/**
 * The forms of `-o`.
 * @throws AceError `usage` for a bad one, and for one without --check
 */
export function checkOutputs(flags: { check: boolean; output?: string[] | undefined }): OutputChoice[] {
  const outputs = parseOutputs(flags.output);
  if (flags.check || flags.output === undefined) return outputs;
  throw new AceError("usage", "Cannot use --output without --check: only a check has rows to print");
}

/**
 * Prints the rows of a check.
 * @throws AceError what the check ended with, when there are problems
 */
export async function writeCheck(
  { rows, error }: CheckResult,
  outputs: readonly OutputChoice[],
  ui: Ui,
): Promise<undefined> {
  const wrong = rows.some((row) => row.problem !== undefined);
  for (const output of outputs) {
    const own = output.kind === "table" && !wrong ? columns : [...columns, problem];
    await writeOutputs([output], own, rows, ui);
  }
  if (error !== undefined) throw error;
}
