/** One line at the bottom of a terminal that is drawn over and over. The cursor is never hidden, so nothing can leave it hidden. */

/** ECMA-48: CR, then EL (erase to the end of the line). */
const clearLine = "\r\x1b[K";

/** Width when the terminal does not tell. Columns. */
const defaultColumns = 80;

/** Draws on a terminal's stream, which stays the caller's. */
export class LiveLine {
  readonly #stream: NodeJS.WriteStream;
  #isDrawn = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Shows the text, cut to the terminal's width as it is now. The last column stays free: some terminals wrap there. */
  draw(text: string): void {
    const columns = this.#stream.columns > 0 ? this.#stream.columns : defaultColumns;
    this.#stream.write(`${clearLine}${text.slice(0, columns - 1)}`);
    this.#isDrawn = true;
  }

  /** Leaves an empty line with the cursor at its start, for whoever writes next. */
  clear(): void {
    if (!this.#isDrawn) return;
    this.#stream.write(clearLine);
    this.#isDrawn = false;
  }
}
