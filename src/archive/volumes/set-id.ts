/** What a set of volumes is known by: the same for the same bytes, so that volumes of two copies of an archive can stand in for each other. */
import { createHash } from "node:crypto";
import type { PackingChoice } from "../../format/packing-levels.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";

/** Hexadecimal digits: short enough to be written on a cartridge. */
const idDigits = 16;

/** The id of the set that holds a planned archive. @param packing undefined for a plain tar */
export function setIdOf(plan: ArchivePlan, packing: PackingChoice | undefined): string {
  const hash = createHash("sha256");
  hash.update(packing === undefined ? "plain\n" : `${packing.packing} ${packing.level}\n`);
  for (const piece of plan.pieces())
    hash.update(
      piece.kind === "bytes" ? piece.bytes : `${piece.descriptor.digest} ${piece.descriptor.size}\n`,
    );
  return hash.digest("hex").slice(0, idDigits);
}
