/** The bytes of a blob that lies in files or passes through the window, in pieces. */
import { closeSync, openSync, readSync } from "node:fs";
import { AceError, systemState } from "../../errors.ts";
import { IncomingWindow } from "../../tape/window/incoming-window.ts";
import type { Window } from "../../tape/window/window.ts";
import type { BlobPlace, FilePlace, Stretch } from "../jobs.ts";

/** A blob's place in an archive as messages name it, and what to do when the bytes there are wrong. */
export function originOf(place: BlobPlace<unknown>): { name: string; hint: string } {
  const at = `at byte ${place.offset}`;
  const hint = (what: string) => `The archive is damaged there: copy ${what} again.`;
  switch (place.kind) {
    case "file":
      return { name: `${place.path} ${at}`, hint: hint("it") };
    case "files":
      return { name: `${place.archive} ${at}`, hint: hint(namesOf(place.stretches)) };
    case "window":
      return { name: `the archive ${at}`, hint: hint("it") };
  }
}

/** The files of stretches as a sentence names them: the first and the last one of several. */
export function namesOf(stretches: readonly Stretch[]): string {
  const [first, last] = [stretches[0], stretches.at(-1)];
  if (first === undefined || last === undefined || first === last) return first?.path ?? "it";
  return `${first.path} ${stretches.length === 2 ? "and" : "to"} ${last.path}`;
}

/** Bytes of a piece: enough to make calls cheap, little enough that 25 uploads stay below 10 MB. */
const pieceBytes = 256 * 1024;

/**
 * Buffers that file pieces take turns in. undici asks for the next piece when the socket has drained the one before, so two
 * would do; a fresh buffer for each piece made the process grow by a gigabyte before the engine noticed.
 */
const turns = 3;

/**
 * Bytes `[start, end)` of a blob. A piece is good until the second one after it is asked for; of the window, until it is released.
 * @throws AceError `archive` when the archive ends in the middle of them, `medium` when a file cannot be read
 */
export function placePieces(place: BlobPlace<Window>, start: number, end: number): AsyncIterable<Uint8Array> {
  if (place.kind !== "window") return filePieces(place, start, end);
  return windowPieces(IncomingWindow.of(place.window), place.offset + start, place.offset + end);
}

/** Where bytes `[start, end)` of a blob are. */
export function* stretchesOf(
  place: FilePlace,
  start: number,
  end: number,
): Generator<Stretch, void, undefined> {
  if (place.kind === "file") {
    if (end > start) yield { path: place.path, offset: place.offset + start, bytes: end - start };
    return;
  }
  let passed = 0;
  for (const { path, offset, bytes } of place.stretches) {
    const from = Math.max(0, start - passed);
    const to = Math.min(bytes, end - passed);
    if (to > from) yield { path, offset: offset + from, bytes: to - from };
    passed += bytes;
  }
}

/** The same for what lies in files, of which one is open at a time. */
export async function* filePieces(
  place: FilePlace,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const buffers = Array.from({ length: turns }, () =>
    Buffer.allocUnsafeSlow(Math.min(pieceBytes, end - start)),
  );
  let turn = 0;
  for (const stretch of stretchesOf(place, start, end)) {
    using file = new OpenFile(stretch.path);
    for (let done = 0; done < stretch.bytes; ) {
      const count = file.read(buffers[turn % turns] ?? Buffer.alloc(0), stretch, done);
      done += count;
      yield (buffers[turn % turns] ?? Buffer.alloc(0)).subarray(0, count);
      turn++;
    }
  }
}

/** A file that holds blobs, open for reading. */
export class OpenFile implements Disposable {
  readonly path: string;
  readonly #fd: number;

  /** @throws AceError `medium` */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, "r");
    } catch (cause) {
      throw new AceError("medium", `Cannot read ${path}: ${systemState(cause)}`, { cause });
    }
  }

  /**
   * Fills as much of `into` as one call gives of a stretch, from its byte `done` on.
   * @returns how many bytes, at least one
   * @throws AceError `medium`; `archive` when the file ends there
   */
  read(into: Uint8Array, { offset, bytes }: Stretch, done: number): number {
    const at = offset + done;
    const count = this.#readAt(into.subarray(0, Math.min(into.length, bytes - done)), at);
    if (count > 0) return count;
    throw new AceError("archive", `Cannot read ${this.path}: it ends at byte ${at}, in the middle of a blob`);
  }

  #readAt(into: Uint8Array, position: number): number {
    try {
      return readSync(this.#fd, into, 0, into.length, position);
    } catch (cause) {
      const what = `${this.path} at byte ${position}`;
      throw new AceError("medium", `Cannot read ${what}: ${systemState(cause)}`, { cause });
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** Views of the window's bytes `[start, end)` of the archive, as they arrive. They are the window's: good until released. */
export async function* windowPieces(
  window: IncomingWindow,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let position = start; position < end; ) {
    const wanted = Math.min(pieceBytes, end - position);
    await window.waitForArrival(position + wanted);
    if (window.arrived < position + wanted)
      throw new AceError(
        "archive",
        `Cannot read the archive: it ends at byte ${window.arrived}, in the middle of a blob`,
      );
    const view = window.view(position, wanted);
    position += view.length;
    yield view;
  }
}
