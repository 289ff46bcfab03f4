/** The entries of an archive in order, from whatever source. */
import { checkZeroTail } from "../../format/tar-block.ts";
import { type TarFound, TarScanner } from "../../format/tar-reader.ts";
import type { ArchiveSource } from "./archive-source.ts";

/** Bytes looked at a time behind the end marker, where only zeros may follow. */
const tailStepBytes = 1024 * 1024;

/**
 * Yields every entry; the caller reads or claims the body before it asks for the next one.
 * Goes on to the source's end, so that a pipe's writer is not cut off and nothing hides behind the archive.
 * @throws AceError `archive` naming the byte where it is damaged, cut or followed by something else
 */
export async function* readEntries(source: ArchiveSource): AsyncGenerator<TarFound, void, undefined> {
  const scanner = new TarScanner({ archive: source.name, archiveBytes: source.totalBytes });
  for (;;) {
    const { offset, lengthBytes } = scanner.want;
    const bytes = await source.read(offset, lengthBytes);
    const step =
      bytes.length < lengthBytes
        ? scanner.endOfInput(source.totalBytes ?? source.position())
        : scanner.push(bytes);
    if (step.kind === "entry") yield step;
    if (step.kind === "end") {
      await checkTail(source, step.offset);
      return;
    }
  }
}

async function checkTail(source: ArchiveSource, from: number): Promise<void> {
  for (let offset = from; ; ) {
    const bytes = await source.read(offset, tailStepBytes);
    if (bytes.length === 0) return;
    checkZeroTail(bytes, { archive: source.name, offset });
    offset += bytes.length;
    await source.discard(offset);
  }
}
