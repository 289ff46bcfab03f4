/** What really is in an archive, found with a few lines that share nothing with the program under test. */
import { readFileSync } from "node:fs";
import { digestOf } from "../../src/oci/digest.ts";

const block = 512;

/** An entry of a tar whose names fit its headers, as those of our archives do. */
export interface Found {
  name: string;
  size: number;
  bodyOffset: number;
  /** After the padding. */
  end: number;
  /** Undefined when the tar ends before the body does. */
  body: Buffer | undefined;
}

/** All entries, whole or not, and whether an end marker follows them. */
export function walkTar(bytes: Buffer): { entries: Found[]; hasEndMarker: boolean } {
  const entries: Found[] = [];
  for (let at = 0; at + block <= bytes.length; ) {
    const header = bytes.subarray(at, at + block);
    if (header.every((byte) => byte === 0)) {
      return { entries, hasEndMarker: bytes.subarray(at, at + 2 * block).equals(Buffer.alloc(2 * block)) };
    }
    const name = header.toString("latin1", 0, 100).replace(/\0.*$/s, "");
    const size = Number.parseInt(header.toString("latin1", 124, 136), 8);
    const bodyOffset = at + block;
    const end = bodyOffset + Math.ceil(size / block) * block;
    const body =
      bodyOffset + size <= bytes.length ? bytes.subarray(bodyOffset, bodyOffset + size) : undefined;
    entries.push({ name, size, bodyOffset, end, body });
    at = end;
  }
  return { entries, hasEndMarker: false };
}

/** One line of a ledger. */
export interface LedgerLine {
  digest: string;
  offset: number;
}

/** The lines of a checkpoint file. */
export function readLedgerLines(path: string): LedgerLine[] {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => {
    const { digest, annotations } = JSON.parse(line) as {
      digest: string;
      annotations: Record<string, string>;
    };
    return { digest, offset: Number(annotations["vnd.act3-ace.data.offset"]) };
  });
}

/**
 * Compares a ledger with the medium: every line must name a blob that lies whole, with the right bytes, before its offset.
 * @returns what is wrong, nothing when the ledger is true; and the lines
 */
export function checkLedger(path: string, medium: Buffer): { lies: string[]; lines: LedgerLine[] } {
  const lines = readLedgerLines(path);
  const { entries } = walkTar(medium);
  const lies = lines.flatMap(({ digest, offset }) => {
    const entry = entries.find(({ name }) => name === `blobs/${digest.replace(":", "/")}`);
    if (entry === undefined) return [`${digest} is not on the medium`];
    if (entry.end !== offset) return [`${digest} ends at ${entry.end}, not at ${offset}`];
    if (offset > medium.length) return [`${digest} is said to end at ${offset} of ${medium.length} bytes`];
    if (entry.body === undefined || digestOf(entry.body) !== digest) return [`${digest} has other bytes`];
    return [];
  });
  return { lies, lines };
}
