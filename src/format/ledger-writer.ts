/** Appends to a checkpoint ledger such that what is written stays written. */
import { type FileHandle, open } from "node:fs/promises";
import { AceError, newFileStates, systemState } from "../errors.ts";
import { formatLedgerLine, type PlacedEntry } from "./ledger.ts";

/**
 * A new ledger. The original truncates a file that is there already; a ledger is the only record of what is on a tape, so
 * ours refuses, unless the file is empty or `force` is set.
 */
export class LedgerWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  /** Pipes and devices cannot be synced. */
  readonly #syncs: boolean;

  private constructor(path: string, file: FileHandle, syncs: boolean) {
    this.#path = path;
    this.#file = file;
    this.#syncs = syncs;
  }

  /**
   * Opens the file for one run, which closes it with {@link close} or `await using`.
   * @throws AceError `input` when the file holds something and `force` is not set; `medium` when it cannot be opened
   */
  static async open(path: string, options: { force: boolean }): Promise<LedgerWriter> {
    const file = await open(path, "a").catch((cause: unknown) => {
      throw new AceError("medium", `Cannot write checkpoint ${path}: ${systemState(cause, newFileStates)}`, {
        cause,
      });
    });
    try {
      const facts = await file.stat();
      if (facts.isFile() && facts.size > 0) {
        if (!options.force) {
          throw new AceError("input", `Cannot write checkpoint ${path}: it exists and is not empty`, {
            hint: { kind: "overwrite-checkpoint" },
          });
        }
        await file.truncate(0);
      }
      return new LedgerWriter(path, file, facts.isFile());
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Goes on in a ledger, or begins one, for one run. What lies behind `keptBytes` is gone from the disk when this resolves.
   * @throws AceError `medium`
   */
  static async resume(path: string, keptBytes: number): Promise<LedgerWriter> {
    const fail = (cause: unknown) =>
      new AceError("medium", `Cannot write checkpoint ${path}: ${systemState(cause)}`, { cause });
    const file = await open(path, "a").catch((cause: unknown) => {
      throw fail(cause);
    });
    try {
      const facts = await file.stat();
      if (facts.isFile() && facts.size !== keptBytes) {
        await file.truncate(keptBytes);
        await file.sync();
      }
      return new LedgerWriter(path, file, facts.isFile());
    } catch (cause) {
      await file.close();
      throw fail(cause);
    }
  }

  /**
   * Writes lines, in order, and waits until they are on the disk. One call at a time.
   * Call it only for what is verified and on the medium: the ledger must never be ahead of it.
   * @throws AceError `medium`
   */
  async append(entries: readonly PlacedEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const text = entries.map((entry) => `${formatLedgerLine(entry)}\n`).join("");
    try {
      await this.#file.writeFile(text);
      if (this.#syncs) await this.#file.datasync();
    } catch (cause) {
      throw new AceError("medium", `Cannot write checkpoint ${this.#path}: ${systemState(cause)}`, { cause });
    }
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
