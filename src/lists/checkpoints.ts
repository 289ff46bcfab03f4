/** The value of `--existing-from-checkpoint`: `FILE:OFFSET`. */
import { AceError } from "../errors.ts";

/** A ledger and how much of the archive it describes is safely on the medium. */
export interface CheckpointPosition {
  file: string;
  /** Bytes of archive. */
  offset: number;
}

/**
 * Reads the values of all flags, each one or more `FILE:OFFSET` with commas between. A file's name may contain colons: the
 * last one counts.
 * @throws AceError `usage`
 */
export function parseCheckpoints(texts: readonly string[]): CheckpointPosition[] {
  return texts.flatMap((text) => text.split(",")).map(parseOne);
}

function parseOne(text: string): CheckpointPosition {
  const colon = text.lastIndexOf(":");
  const file = text.slice(0, Math.max(colon, 0));
  const offset = parseOffset(text.slice(colon + 1));
  if (file !== "" && offset !== undefined) return { file, offset };
  throw new AceError(
    "usage",
    `Cannot use checkpoint ${JSON.stringify(text)}: want FILE:OFFSET, as in cp1.txt:34752000`,
    {
      hint: "OFFSET is the number of bytes that are safely on the medium; lower is more careful.",
    },
  );
}

/** A number of bytes in decimal digits; undefined when the text is none. */
export function parseOffset(text: string): number | undefined {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}
