/** Holds ledger lines back until the medium has what they speak of. */
import type { LedgerEntry, PlacedEntry, VolumePosition } from "../../format/ledger.ts";
import type { LedgerWriter } from "../../format/ledger-writer.ts";
import type { DiskWrites } from "./disk-writes.ts";

/** Written entries are dropped in batches of this many, which keeps the queue short and the dropping cheap. */
const compactAfter = 10_000;

export class LedgerQueue {
  readonly #ledger: LedgerWriter | undefined;
  readonly #writes: DiskWrites;
  readonly #onMedium: (offset: number) => number;
  readonly #positionOf: (offset: number) => VolumePosition | undefined;
  readonly #waiting: LedgerEntry[] = [];
  #next = 0;

  /**
   * @param ledger undefined when no checkpoint is wanted
   * @param writes in which it takes its turn
   * @param onMedium where on the medium an archive offset is safe; elsewhere only when the archive is compressed
   * @param positionOf the volume that has the medium's byte in front of an offset
   */
  constructor(
    ledger: LedgerWriter | undefined,
    writes: DiskWrites,
    onMedium: (offset: number) => number = (offset) => offset,
    positionOf: (offset: number) => VolumePosition | undefined = () => undefined,
  ) {
    this.#ledger = ledger;
    this.#writes = writes;
    this.#onMedium = onMedium;
    this.#positionOf = positionOf;
  }

  /** Takes the next entry, in archive order. What is in the window is verified before the writer sees its last byte. */
  push(entry: LedgerEntry): void {
    if (this.#ledger !== undefined) this.#waiting.push(entry);
  }

  /** Writes the lines of everything that is safe once the medium has `offset` bytes. Entries that are pushed later are looked at with the next call. */
  durable(offset: number): void {
    const ready: PlacedEntry[] = [];
    for (
      let entry = this.#waiting[this.#next];
      entry !== undefined && this.#onMedium(entry.offset) <= offset;
      entry = this.#waiting[this.#next]
    ) {
      const onMedium = this.#onMedium(entry.offset);
      ready.push({ descriptor: entry.descriptor, offset: onMedium, position: this.#positionOf(onMedium) });
      this.#next++;
    }
    if (this.#next > compactAfter) {
      this.#waiting.splice(0, this.#next);
      this.#next = 0;
    }
    if (ready.length === 0) return;
    this.#writes.add(() => this.#ledger?.append(ready));
  }
}
