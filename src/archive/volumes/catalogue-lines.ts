/** What a volume's catalogue says of the archive: the checkpoint's line of each entry that ends in the volume. */
import { formatLedgerLine, type LedgerPlace } from "../../format/ledger.ts";
import type { VolumeLabel } from "../../tape/catalogue/catalogue.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";

/**
 * The lines, each with its newline.
 * @param onMedium where on the media an offset of the archive is safe, as for a checkpoint
 */
export function* catalogueLines(
  plan: ArchivePlan,
  { offset, bytes }: Pick<VolumeLabel, "offset" | "bytes">,
  onMedium: (offset: number) => number,
  placeOf: (offset: number) => LedgerPlace | undefined,
): Generator<string, void, undefined> {
  for (let line = plan.linesBefore((end) => onMedium(end) > offset); line < plan.lines; line++) {
    const { descriptor, end } = plan.lineAt(line);
    const safe = onMedium(end);
    if (safe > offset + bytes) return;
    yield `${formatLedgerLine({ descriptor, offset: safe, place: placeOf(safe) })}\n`;
  }
}
