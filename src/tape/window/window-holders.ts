/** How many threads of a pool hold a window already: its memory need not travel to them again with every job. */
import type { SharedMemory } from "./window-memory.ts";

/** Int32 words of the control buffer, behind those that the window uses itself; zero when the memory is taken. */
const words = { blobs: 8, frames: 9 } as const;

/** Pools whose threads attach windows: the blob workers, and the compressors. */
export type HolderPool = keyof typeof words;

/** Says that one more thread of the pool holds the window. */
export function addHolder({ control }: Pick<SharedMemory, "control">, pool: HolderPool): void {
  Atomics.add(new Int32Array(control), words[pool], 1);
}

/** How often {@link addHolder} was called. */
export function holdersOf({ control }: Pick<SharedMemory, "control">, pool: HolderPool): number {
  return Atomics.load(new Int32Array(control), words[pool]);
}
