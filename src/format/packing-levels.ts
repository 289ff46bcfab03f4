/** What an archive can be compressed with, and how hard. Imports nothing: the command line needs it at every start. */

/** What an archive can be compressed with. */
export type Packing = "gzip" | "zstd";

/**
 * Levels by packing: zstd(1), whose last three `zstd` itself wants `--ultra` for; gzip(1). What is usual is those programs' own
 * default, and the original's.
 */
export const packingLevels = {
  gzip: { lowest: 1, highest: 9, usual: 6 },
  zstd: { lowest: 1, highest: 22, usual: 3 },
} as const;

/** What the content is packed with, and how hard. */
export interface PackingChoice {
  packing: Packing;
  /** One of {@link packingLevels}. */
  level: number;
}

/** The choice of a packing and a level; undefined takes the usual one. */
export function packingChoice(packing: Packing, level: number | undefined): PackingChoice {
  return { packing, level: level ?? packingLevels[packing].usual };
}
