/** Pax extended header records: `LENGTH key=value\n`, as many as there are (POSIX pax, "pax Extended Header"). */
import { type TarPosition, tarError } from "./tar-block.ts";

/** What we take from pax records. A record with an empty value undoes an earlier one, hence `undefined` values. */
export interface PaxFields {
  path?: string | undefined;
  sizeBytes?: number | undefined;
}

const utf8 = new TextDecoder();

/**
 * Reads the body of an `x` or `g` header.
 * @param body without its padding
 * @param at where the body starts
 * @throws AceError `archive` naming the byte where the bad record starts
 */
export function parsePaxRecords(body: Uint8Array, at: TarPosition): PaxFields {
  const fields: PaxFields = {};
  for (let start = 0; start < body.length; ) {
    const here = { archive: at.archive, offset: at.offset + start };
    const blank = body.indexOf(0x20, start);
    const digits = blank < 0 ? "" : utf8.decode(body.subarray(start, blank));
    const length = /^[0-9]{1,7}$/.test(digits) ? Number(digits) : 0;
    const end = start + length;
    const equals = body.indexOf(0x3d, blank);
    if (end > body.length || blank >= end || equals < 0 || equals >= end || body[end - 1] !== 0x0a) {
      throw tarError(here, "a pax header record is malformed", "The archive is damaged here.");
    }
    const key = utf8.decode(body.subarray(blank + 1, equals));
    applyRecord(fields, key, utf8.decode(body.subarray(equals + 1, end - 1)), here);
    start = end;
  }
  return fields;
}

function applyRecord(fields: PaxFields, key: string, value: string, at: TarPosition): void {
  if (key === "path") fields.path = value === "" ? undefined : value;
  if (key === "size") fields.sizeBytes = value === "" ? undefined : parseSize(value, at);
  if (key.startsWith("GNU.sparse.")) {
    throw tarError(
      at,
      "it holds a sparse file, which we do not read",
      "Write it again without tar's option for sparse files.",
    );
  }
}

function parseSize(value: string, at: TarPosition): number {
  const size = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(size)) return size;
  throw tarError(
    at,
    `an entry claims a size beyond what is possible (${JSON.stringify(value.slice(0, 40))})`,
    "The archive is damaged here.",
  );
}
