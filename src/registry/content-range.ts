/** `Content-Range: bytes first-last/total` (RFC 9110 section 14.4). */

/** Byte positions, `last` included; `total` undefined for `*`. */
export interface ContentRange {
  first: number;
  last: number;
  total: number | undefined;
}

/** Reads the header; undefined for anything else than one well-formed range. */
export function parseContentRange(header: string | string[] | undefined): ContentRange | undefined {
  if (typeof header !== "string") return undefined;
  const parts = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(header.trim());
  if (parts === null) return undefined;
  const range = {
    first: Number(parts[1]),
    last: Number(parts[2]),
    total: parts[3] === "*" ? undefined : Number(parts[3]),
  };
  const sound = range.first <= range.last && (range.total === undefined || range.last < range.total);
  return sound ? range : undefined;
}
