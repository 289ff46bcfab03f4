/** Bytes that are the same on every machine and in every year: what test images are made of. */
import { createCipheriv, createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** `length` bytes that look random and depend on the seed only (AES-128-CTR over zeros; about 1 GB/s). */
export function seededBytes(seed: string, length: number): Uint8Array {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-128-ctr", key.subarray(0, 16), key.subarray(16)).update(Buffer.alloc(length));
}

/** One regular file of a tar. */
export interface TarFile {
  name: string;
  bytes: Uint8Array;
}

/** A ustar archive of regular files: mode 0644, owner 0, time 0. Written here, so that a wrong writer of ours cannot hide itself. */
export function tarOf(files: readonly TarFile[]): Uint8Array {
  const blocks = files.flatMap(({ name, bytes }) => [
    tarHeader(name, bytes.length),
    bytes,
    new Uint8Array((512 - (bytes.length % 512)) % 512),
  ]);
  return Buffer.concat([...blocks, new Uint8Array(1024)]);
}

function tarHeader(name: string, size: number): Uint8Array {
  const header = Buffer.alloc(512);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  header.write(name, 0, 100);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(size, 11), 124);
  header.write(octal(0, 11), 136);
  header.write("        0", 148); // the checksum counts as blanks; then the type flag of a regular file
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** RFC 1951, section 3.2.4: a stored block holds at most this many bytes. */
const storedBlockBytes = 65535;

/**
 * A gzip member (RFC 1952) of stored blocks. Compressors differ from version to version, and with them the digests of layers;
 * this one never does. Random contents do not shrink anyway.
 */
export function gzipOf(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)];
  for (let at = 0; at === 0 || at < bytes.length; at += storedBlockBytes) {
    const block = bytes.subarray(at, at + storedBlockBytes);
    const last = at + storedBlockBytes >= bytes.length ? 1 : 0;
    const head = Buffer.alloc(5);
    head.writeUInt8(last, 0);
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(0xffff - block.length, 3);
    parts.push(head, block);
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(bytes), 0);
  tail.writeUInt32LE(bytes.length % 2 ** 32, 4);
  return Buffer.concat([...parts, tail]);
}
