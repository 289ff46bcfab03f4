/** What an archive is read from as a stream: standard input, a pipe, a file, a tape. Only the reader thread touches one. */
import { statSync } from "node:fs";
import { refusedOption } from "../../errors.ts";
import { readTape } from "../drive/read-tape.ts";
import { isTapeStat } from "../drive/tape-device.ts";
import type { TapePosition } from "../drive/tape-position.ts";
import { readFiles } from "./read-files.ts";

/** What to read from, and how. */
export interface SourceOptions {
  /** A path, or `-` for standard input. */
  source: string;
  /** The volumes to read one after the other when it is a set of files; `source` is its name then. */
  files?: readonly string[] | undefined;
  /** Bytes of a read call; 0 finds out, on a tape from its blocks. */
  blockBytes: number;
  /** Where on a tape to begin; where it stands, when left out. */
  position?: TapePosition | undefined;
}

/**
 * Reads the source to its end. Each chunk is the reader's buffer: use it before asking for the next.
 * @param isStopped true when the waiting for a drive is to end
 * @throws AceError `medium`; `usage` for a position in what is no tape
 */
export function* readSource(
  { source, files, blockBytes, position = { kind: "here" } }: SourceOptions,
  isStopped: () => boolean = () => false,
): Generator<Uint8Array, void, undefined> {
  if (files !== undefined) {
    yield* readFiles(files, blockBytes);
    return;
  }
  const stat = source === "-" ? undefined : statSync(source, { bigint: true, throwIfNoEntry: false });
  if (stat !== undefined && isTapeStat(stat)) {
    yield* readTape({ name: source, blockBytes, position, isStopped });
    return;
  }
  if (position.kind !== "here") throw refusedOption("position", `${source} is not a tape`);
  yield* readFiles([source], blockBytes);
}
