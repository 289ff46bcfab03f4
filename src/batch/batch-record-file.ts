/** A CSV file to which lines are added such that a line that is there stays there, whatever happens next. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { AceError, type Advice, newFileStates, systemState } from "../errors.ts";
import { isWholeSerialized, isWholeSynced, syncHeader, trackerHeader } from "../lists/batch-records.ts";
import { syncNames } from "./batch-directory.ts";

/** What kind of records a file has. */
export interface RecordKind {
  /** Its first line, with the line break. */
  header: string;
  /** True for a last line that lacks nothing but its line break. */
  isWhole(line: string): boolean;
  /** What to do when the file cannot be written. */
  hint: Advice;
}

/** record-keeping.csv. */
export const trackerKind: RecordKind = {
  header: `${trackerHeader.join()}\n`,
  isWhole: isWholeSerialized,
  hint: { kind: "tracker-elsewhere" },
};

/** successful_syncs.csv. */
export const syncKind: RecordKind = {
  header: `${syncHeader.join()}\n`,
  isWhole: isWholeSynced,
  hint: { kind: "sync-elsewhere" },
};

/** An open file, of one process: whoever opens it has the directory's lock. */
export class RecordFile implements AsyncDisposable {
  readonly path: string;
  /** What it held when it was opened, without a torn last line. */
  readonly text: string;
  /** The last line, when a crash or a full disk had cut it. It is out of the file. */
  readonly torn: string | undefined;
  readonly #handle: FileHandle;
  readonly #hint: Advice;

  private constructor(
    path: string,
    handle: FileHandle,
    found: { text: string; torn: string | undefined },
    hint: Advice,
  ) {
    this.path = path;
    this.#handle = handle;
    this.text = found.text;
    this.torn = found.torn;
    this.#hint = hint;
  }

  /**
   * Opens a file, or makes it; mends its last line.
   * @throws AceError `medium` when it cannot be written
   */
  static async open(path: string, kind: RecordKind): Promise<RecordFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o666);
      const bytes = await handle.readFile();
      const mended = mend(bytes, kind);
      if (mended.length < bytes.length) await handle.truncate(mended.length);
      if (mended.more !== "") {
        await handle.appendFile(mended.more);
        await handle.sync();
        await syncNames(dirname(path));
      }
      const text = bytes.toString("utf8", 0, mended.length);
      return new RecordFile(path, handle, { text, torn: mended.torn }, kind.hint);
    } catch (cause) {
      await handle?.close();
      throw recordError(path, cause, kind.hint);
    }
  }

  /**
   * Adds a line and waits until it is on the disk.
   * @throws AceError `medium`; nothing of the line is in the file then, as far as the disk lets it be taken out again
   */
  async append(line: string): Promise<void> {
    const { size } = await this.#handle.stat();
    try {
      await this.#handle.appendFile(line);
      await this.#handle.sync();
    } catch (cause) {
      await this.#handle.truncate(size).catch(() => undefined); // the next run mends what this leaves
      throw recordError(this.path, cause, this.#hint);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

/** How much of a file stays, what is to be added to it, and what is taken off its end. */
function mend(
  bytes: Buffer,
  { header, isWhole }: RecordKind,
): { length: number; more: string; torn: string | undefined } {
  const end = bytes.lastIndexOf("\n") + 1;
  const last = bytes.toString("utf8", end).trim();
  if (end === bytes.length || last === "")
    return { length: bytes.length, more: bytes.length === 0 ? header : "", torn: undefined };
  if (isWhole(last)) return { length: bytes.length, more: "\n", torn: undefined };
  return { length: end, more: end === 0 ? header : "", torn: last };
}

function recordError(path: string, cause: unknown, hint: Advice): AceError {
  if (cause instanceof AceError) return cause;
  const state = systemState(cause, newFileStates);
  return new AceError("medium", `Cannot keep records in ${path}: ${state}`, { cause, hint });
}
