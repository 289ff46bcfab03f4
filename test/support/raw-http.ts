/** HTTP/1.1 messages on a bare socket: just enough to pass them on and to damage them. */
import type { Socket } from "node:net";

/** A start line and headers, in their order. */
export class HttpHead {
  readonly startLine: string;
  #lines: [string, string][];

  constructor(startLine: string, lines: [string, string][]) {
    this.startLine = startLine;
    this.#lines = lines;
  }

  get(name: string): string | undefined {
    return this.#lines.find(([key]) => key.toLowerCase() === name)?.[1];
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  remove(name: string): void {
    this.#lines = this.#lines.filter(([key]) => key.toLowerCase() !== name);
  }

  set(name: string, value: string): void {
    this.remove(name.toLowerCase());
    this.#lines.push([name, value]);
  }

  toRecord(): Record<string, string> {
    return Object.fromEntries(this.#lines.map(([key, value]) => [key.toLowerCase(), value]));
  }

  toString(): string {
    return `${this.startLine}\r\n${this.#lines.map(([key, value]) => `${key}: ${value}\r\n`).join("")}\r\n`;
  }
}

/** Reads one message from a socket; the socket is only read when somebody asks. */
export class MessageReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** The head, or undefined when the connection ends before one. */
  async head(): Promise<HttpHead | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end >= 0) {
        const [startLine = "", ...lines] = this.#rest.subarray(0, end).toString("latin1").split("\r\n");
        this.#rest = this.#rest.subarray(end + 4);
        return new HttpHead(
          startLine,
          lines.map((line) => {
            const colon = line.indexOf(":");
            return [line.slice(0, colon), line.slice(colon + 1).trim()];
          }),
        );
      }
      const chunk = await this.#next();
      if (chunk === undefined) return undefined;
      this.#rest = Buffer.concat([this.#rest, chunk]);
    }
  }

  /**
   * The body, in the framing it came in. Without a length an answer's body goes to the end of the connection, and a request
   * has none.
   * @param empty an answer to HEAD
   * @param length overrules Content-Length
   */
  async *body(head: HttpHead, empty: boolean, length?: number): AsyncGenerator<Buffer> {
    if (empty) return;
    const isAnswer = head.startLine.startsWith("HTTP/");
    const told = length ?? Number(head.get("content-length") ?? Number.NaN);
    let left = Number.isNaN(told) ? (isAnswer ? Number.POSITIVE_INFINITY : 0) : told;
    while (left > 0) {
      const chunk = this.#rest.length > 0 ? this.#rest : await this.#next();
      this.#rest = Buffer.alloc(0);
      if (chunk === undefined) return;
      const part = chunk.subarray(0, Math.min(left, chunk.length));
      left -= part.length;
      yield part;
    }
  }

  async #next(): Promise<Buffer | undefined> {
    const next = await this.#chunks.next();
    return next.done === true ? undefined : next.value;
  }
}
