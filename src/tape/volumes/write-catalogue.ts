/** Writes a volume's catalogue behind its data, as far as there is room for it. */
import { AceError } from "../../errors.ts";
import { type Catalogue, catalogueBlockBytes, formatCatalogue } from "../catalogue/catalogue.ts";
import type { VolumeMedium } from "../medium/medium.ts";

/**
 * When the medium has no room for what is in the archive, the rest goes there alone: nothing can be found out without it.
 * @param lines the checkpoint's, in pieces of any size; may be asked for only once
 * @throws AceError `medium` when there is no room even for that
 */
export async function writeCatalogue(
  medium: VolumeMedium,
  catalogue: Catalogue,
  lines: () => AsyncIterable<string>,
): Promise<void> {
  const head = () => formatCatalogue(catalogue);
  const all = async function* () {
    yield* head();
    yield* lines();
  };
  if (await writePieces(medium, all())) return;
  medium.restartCatalogue();
  if (await writePieces(medium, head())) return;
  throw new AceError(
    "medium",
    `Cannot write the catalogue of volume ${catalogue.label.volume}: there is no room for it behind the data`,
    { hint: { kind: "smaller-volumes" } },
  );
}

/** @returns false when there is no room for all of it */
async function writePieces(
  medium: VolumeMedium,
  texts: AsyncIterable<string> | Iterable<string>,
): Promise<boolean> {
  const block = Buffer.alloc(catalogueBlockBytes);
  let filled = 0;
  for await (const text of texts) {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      const copied = bytes.copy(block, filled, at);
      at += copied;
      filled += copied;
      if (filled < block.length) continue;
      if (!medium.addToCatalogue(block)) return false;
      filled = 0;
    }
  }
  return filled === 0 || medium.addToCatalogue(block.subarray(0, filled));
}
