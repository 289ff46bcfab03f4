/** Reads a checkpoint beside the plan of the archive that it speaks of: the same entries, in the same order. */
import { existsSync } from "node:fs";
import { AceError } from "../../errors.ts";
import { ledgerEntries } from "../../format/ledger.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";

/** The front part of a ledger that counts. */
export interface LedgerPart {
  /** Its lines, and their bytes in the ledger's file. */
  lines: number;
  bytes: number;
  /** Where the entry of its last line ends in the (unpacked) archive. */
  offset: number;
  /** True when more lines follow. */
  beyond: boolean;
}

/**
 * Follows a ledger up to what ends within the archive's first `through` bytes. The lines behind that must fit too.
 * @param path undefined, or of a file that is not there, for an empty ledger
 * @param place where on the medium an offset of the archive is safe; undefined when that is not known any more
 * @throws AceError `input` naming the line that is not of this archive
 */
export async function followLedger(
  path: string | undefined,
  plan: ArchivePlan,
  through: number,
  place: ((offset: number) => number) | undefined,
): Promise<LedgerPart> {
  const part: LedgerPart = { lines: 0, bytes: 0, offset: 0, beyond: false };
  if (path === undefined || !existsSync(path)) return part;
  let number = 0;
  for await (const line of ledgerEntries(path, () => undefined)) {
    // A last line without its newline is written again.
    if (!line.terminated) break;
    const entry = number < plan.lines ? plan.lineAt(number++) : undefined;
    if (entry?.descriptor.digest !== line.descriptor.digest)
      throw misfit(path, line.lineNumber, "names another entry");
    if (part.beyond || entry.end > through) {
      part.beyond = true;
      continue;
    }
    const end = place?.(entry.end) ?? line.offset;
    if (end !== line.offset)
      throw misfit(path, line.lineNumber, `says byte ${line.offset}, where the entry ends at ${end}`);
    part.lines++;
    part.bytes = line.endBytes;
    part.offset = entry.end;
  }
  return part;
}

function misfit(path: string, lineNumber: number, state: string): AceError {
  return new AceError(
    "input",
    `Cannot resume with checkpoint ${path}: line ${lineNumber} ${state}; it is that of another archive`,
    {
      hint: "Give the checkpoint of the run that began the file, or none.",
    },
  );
}
