/** `--debug FILE`: everything the user interface is told, as JSON lines. */
import { closeSync, openSync, writeSync } from "node:fs";
import { AceError, messageOf, newFileStates, systemState } from "../errors.ts";

/** One open debug file. */
export class DebugLog {
  readonly #path: string;
  #fd: number | undefined;

  /**
   * Creates the file, or empties it.
   * @throws AceError `usage` when it cannot be written
   */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, "w");
    } catch (cause) {
      throw new AceError(
        "usage",
        `Cannot write debug file ${JSON.stringify(path)}: ${systemState(cause, newFileStates)}`,
        {
          cause,
          hint: "Name a file in a directory that exists and that you may write to.",
        },
      );
    }
  }

  /**
   * Writes one event at once, so that a crash loses none.
   * @returns undefined, or the sentence to show when this was the write that failed; a full disk under a debug file must
   * not end a run to tape, so that the log falls silent instead
   */
  write(event: string, facts: object): string | undefined {
    if (this.#fd === undefined) return undefined;
    try {
      writeSync(this.#fd, `${JSON.stringify({ time: new Date().toISOString(), event, ...facts })}\n`);
      return undefined;
    } catch (error) {
      this.close();
      return `Cannot write debug file ${JSON.stringify(this.#path)}: ${messageOf(error)}; it ends here`;
    }
  }

  /** Closes the file; later events are dropped. */
  close(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    closeSync(fd);
  }
}
