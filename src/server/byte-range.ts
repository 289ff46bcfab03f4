/** The `Range` request header (RFC 9110, section 14) for one range of bytes. */

/** Bytes `start` up to but not including `end`. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Reads a Range header against content of `size` bytes.
 * @returns the range; "whole" when there is none or one we may ignore (RFC 9110, 14.2: another unit, several ranges);
 *   "unsatisfiable" when it lies outside or is no range
 */
export function parseByteRange(header: string | null, size: number): ByteRange | "whole" | "unsatisfiable" {
  if (header === null || !/^bytes\s*=/i.test(header) || header.includes(",")) return "whole";
  const [, first = "", last = ""] = /^bytes\s*=\s*(\d*)-(\d*)\s*$/i.exec(header) ?? [];
  if (first === "" && last === "") return "unsatisfiable";
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size };
  }
  const start = Number(first);
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return start < size && start < end ? { start, end } : "unsatisfiable";
}

/**
 * Reads the Content-Range of an uploaded chunk: `first-last`, both inclusive (distribution-spec "Pushing a blob in chunks");
 * Docker's form `bytes first-last/total` is taken too.
 * @returns undefined when the text is no range
 */
export function parseChunkRange(header: string): ByteRange | undefined {
  const [, first, last] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header.trim()) ?? [];
  if (first === undefined || last === undefined || Number(last) < Number(first)) return undefined;
  return { start: Number(first), end: Number(last) + 1 };
}
