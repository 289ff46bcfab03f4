/** What a density code says of a cartridge. */

/** A generation of cartridges. */
export interface Density {
  name: string;
  /** Without compression, as cartridges are sold. */
  nativeBytes: number;
}

const terabyte = 1e12;

/** Codes: mt-st 1.7, mt.c `density_tbl`. Capacities: the LTO Program's roadmap (lto.org/roadmap), native. */
const densities: Readonly<Record<number, Density>> = {
  64: { name: "LTO-1", nativeBytes: 0.1 * terabyte },
  66: { name: "LTO-2", nativeBytes: 0.2 * terabyte },
  68: { name: "LTO-3", nativeBytes: 0.4 * terabyte },
  70: { name: "LTO-4", nativeBytes: 0.8 * terabyte },
  88: { name: "LTO-5", nativeBytes: 1.5 * terabyte },
  90: { name: "LTO-6", nativeBytes: 2.5 * terabyte },
  92: { name: "LTO-7", nativeBytes: 6 * terabyte },
  93: { name: "LTO-7 type M", nativeBytes: 9 * terabyte },
  94: { name: "LTO-8", nativeBytes: 12 * terabyte },
  96: { name: "LTO-9", nativeBytes: 18 * terabyte },
};

/** Undefined for what is no LTO, or newer than this table. */
export function densityOf(code: number): Density | undefined {
  return densities[code];
}
