/** What lies on an emulated tape: blocks and filemarks in a row, each with the bytes it takes. */

/** A block or a filemark. */
export type TapeItem = { kind: "filemark" } | { kind: "block"; bytes: Uint8Array };

/** What a filemark takes on the tape, in bytes: enough that thousands of them fill one. */
const filemarkBytes = 64;

/** How a cartridge is, other than the drive's settings say. */
export interface CartridgeOptions {
  capacityBytes?: number;
  /** Its switch is set. */
  writeProtected?: boolean;
}

/** Where the head passes over; positions count items from the beginning of the tape. */
export class Cartridge {
  readonly items: TapeItem[] = [];
  readonly capacityBytes: number | undefined;
  writeProtected: boolean;
  /** Bytes in front of each position. */
  readonly #used: number[] = [0];

  constructor({ capacityBytes, writeProtected = false }: CartridgeOptions = {}) {
    this.capacityBytes = capacityBytes;
    this.writeProtected = writeProtected;
  }

  /** Bytes in front of a position. */
  usedAt(position: number): number {
    return this.#used[position] ?? 0;
  }

  /** Puts an item at a position; on a tape all behind it is lost. */
  put(position: number, item: TapeItem): void {
    this.cut(position);
    this.items.push(item);
    this.#used.push(this.usedAt(position) + (item.kind === "filemark" ? filemarkBytes : item.bytes.length));
  }

  /** Loses everything from a position on. */
  cut(position: number): void {
    this.items.length = Math.min(this.items.length, position);
    this.#used.length = this.items.length + 1;
  }

  /** The tape's files: the blocks between filemarks. A last one without a filemark counts too. */
  files(): Uint8Array[][] {
    const files: Uint8Array[][] = [[]];
    for (const item of this.items) {
      if (item.kind === "filemark") files.push([]);
      else files.at(-1)?.push(item.bytes);
    }
    if (files.at(-1)?.length === 0) files.pop();
    return files;
  }

  /** What lies where, in short: `["3 x 65536", "filemark"]`. */
  map(): string[] {
    const runs: { name: string; count: number }[] = [];
    for (const item of this.items) {
      const name = item.kind === "filemark" ? "filemark" : `${item.bytes.length}`;
      const last = runs.at(-1);
      if (last?.name === name) last.count++;
      else runs.push({ name, count: 1 });
    }
    return runs.map(({ name, count }) =>
      name === "filemark" ? (count === 1 ? name : `${count} filemarks`) : `${count} x ${name}`,
    );
  }
}
