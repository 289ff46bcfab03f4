/** Tar headers as Go's archive/tar writes them, so that an archive of ours equals the original's byte for byte. */
import { AceError } from "../errors.ts";

/** POSIX.1-2001 pax, "ustar Interchange Format": everything in a tar is a multiple of this. Bytes. */
export const tarBlockBytes = 512;

/** What a tar header says, as far as an archive of ours needs it. Modes, times and owners are fixed, so that the same images make the same bytes (docs/moving-over.md). */
export interface TarEntry {
  /** Relative path, `/` between parts, none at the end, not even for a directory. */
  name: string;
  sizeBytes: number;
  kind: "file" | "directory";
}

/** The end marker: two blocks of zeros. A new array each time, the caller's to keep. */
export function tarTrailer(): Uint8Array {
  return new Uint8Array(2 * tarBlockBytes);
}

/** How many zero bytes follow a body of `sizeBytes`. */
export function paddingBytes(sizeBytes: number): number {
  return (tarBlockBytes - (sizeBytes % tarBlockBytes)) % tarBlockBytes;
}

/** How many bytes {@link tarHeader} takes for an entry, so that offsets can be planned before anything is fetched. */
export function headerBytes(entry: TarEntry): number {
  const { paxRecords } = layOut(entry);
  if (paxRecords === "") return tarBlockBytes;
  const size = utf8.encode(paxRecords).length;
  return tarBlockBytes + size + paddingBytes(size) + tarBlockBytes;
}

/**
 * The header of an entry: one block, or three and more when name or size do not fit a ustar block.
 * @throws AceError `internal` for an empty name, a NUL in it or a size that is no byte count
 */
export function tarHeader(entry: TarEntry): Uint8Array {
  const { paxRecords, prefix, name } = layOut(entry);
  const main = block({
    name,
    prefix,
    mode: entry.kind === "directory" ? 0o777 : 0o666,
    sizeBytes: fitsOctal(entry.sizeBytes) ? entry.sizeBytes : 0,
    typeflag: entry.kind === "directory" ? "5" : "0",
    withDevice: true,
  });
  if (paxRecords === "") return main;
  const body = utf8.encode(paxRecords);
  const bytes = new Uint8Array(headerBytes(entry));
  bytes.set(
    block({
      name: paxHeaderName(entry.name),
      prefix: "",
      mode: 0,
      sizeBytes: body.length,
      typeflag: "x",
      withDevice: false,
    }),
  );
  bytes.set(body, tarBlockBytes);
  bytes.set(main, bytes.length - tarBlockBytes);
  return bytes;
}

const utf8 = new TextEncoder();

// Field widths of a ustar block (POSIX pax, "ustar Header Block").
const nameLimit = 100;
const prefixLimit = 155;

/** Eleven octal digits: up to 8 GiB - 1. */
function fitsOctal(sizeBytes: number): boolean {
  return sizeBytes < 8 ** 11;
}

/** Decides between plain ustar, ustar with a prefix, and pax records (archive/tar `Header.allowedFormats`). */
function layOut(entry: TarEntry): { name: string; prefix: string; paxRecords: string } {
  const { name, sizeBytes } = entry;
  if (name === "" || name.includes("\0") || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
    throw new AceError(
      "internal",
      `Cannot write a tar header for ${JSON.stringify(name)}: ${sizeBytes} bytes or that name cannot be written`,
    );
  }
  const nameFits = isAscii(name) && name.length <= nameLimit;
  const split = nameFits ? { prefix: "", name } : splitName(name);
  if (split !== undefined && fitsOctal(sizeBytes)) return { ...split, paxRecords: "" };
  const paxRecords =
    (nameFits ? "" : paxRecord("path", name)) +
    (fitsOctal(sizeBytes) ? "" : paxRecord("size", String(sizeBytes)));
  return { prefix: "", name: toAscii(name), paxRecords };
}

/** archive/tar `splitUSTARPath`: at the last slash that leaves at most 155 characters before it. */
function splitName(name: string): { prefix: string; name: string } | undefined {
  if (!isAscii(name)) return undefined;
  const slash = name.slice(0, prefixLimit + 1).lastIndexOf("/");
  const rest = name.slice(slash + 1);
  if (slash <= 0 || rest === "" || rest.length > nameLimit) return undefined;
  return { prefix: name.slice(0, slash), name: rest };
}

/** `LENGTH key=value\n`, where LENGTH counts itself (POSIX pax, "pax Extended Header"). */
function paxRecord(key: string, value: string): string {
  const tail = ` ${key}=${value}\n`;
  const tailBytes = utf8.encode(tail).length;
  let length = tailBytes + String(tailBytes).length;
  length = tailBytes + String(length).length;
  return `${length}${tail}`;
}

/** archive/tar `writePAXHeader`: the record file's own name, cut to what fits. */
function paxHeaderName(name: string): string {
  const slash = name.lastIndexOf("/");
  const full = `${name.slice(0, slash + 1)}PaxHeaders.0/${name.slice(slash + 1)}`;
  return toAscii(full).slice(0, nameLimit).replace(/\/+$/, "");
}

function isAscii(text: string): boolean {
  return /^[\x01-\x7f]*$/.test(text);
}

/** archive/tar `toASCII`: drops whatever is not ASCII. */
function toAscii(text: string): string {
  return text.replace(/[^\x01-\x7f]/g, "");
}

interface BlockFields {
  name: string;
  prefix: string;
  mode: number;
  sizeBytes: number;
  typeflag: string;
  /** Go leaves the device fields of a pax record file empty. */
  withDevice: boolean;
}

/** One ustar block; every number is zero-padded octal with a NUL behind it. */
function block(fields: BlockFields): Uint8Array {
  const bytes = new Uint8Array(tarBlockBytes);
  const put = (offset: number, text: string) => bytes.set(utf8.encode(text), offset);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  put(0, cutName(fields.name));
  put(100, octal(fields.mode, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(fields.sizeBytes, 11));
  put(136, octal(0, 11));
  put(148, "        ");
  put(156, fields.typeflag);
  put(257, "ustar\x0000");
  if (fields.withDevice) {
    put(329, octal(0, 7));
    put(337, octal(0, 7));
  }
  put(345, fields.prefix);
  // The sum counts its own field as blanks; Go writes six digits, a NUL and a blank.
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return bytes;
}

/** archive/tar `formatString`: a cut name must not end in a slash, which old readers take for a directory. */
function cutName(name: string): string {
  const cut = name.slice(0, nameLimit);
  return name.length > nameLimit ? cut.replace(/\/+$/, "") : cut;
}
