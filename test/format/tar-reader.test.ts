import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AceError } from "../../src/errors.ts";
import { checkZeroTail } from "../../src/format/tar-block.ts";
import { tarHeader, tarTrailer } from "../../src/format/tar-header.ts";
import { extensionLimitBytes, TarScanner } from "../../src/format/tar-reader.ts";
import { bodyOf, scan, testData, textOf } from "./original.ts";

const original = testData("original/serialize.tar");

/** What goes wrong, as `code: message`. */
function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof AceError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing went wrong";
}

/** A header block with some bytes replaced and its checksum made right again, unless `sum` says otherwise. */
function forged(
  changes: Record<number, string | Uint8Array>,
  sum: "unsigned" | "signed" | "none" = "unsigned",
) {
  const block = tarHeader({ name: "blobs/x", sizeBytes: 0, kind: "file" });
  for (const [offset, bytes] of Object.entries(changes)) {
    block.set(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes, Number(offset));
  }
  if (sum === "none") return block;
  block.set(new TextEncoder().encode("        "), 148);
  const total = block.reduce((all, byte) => all + (sum === "signed" && byte > 127 ? byte - 256 : byte), 0);
  block.set(new TextEncoder().encode(`${total.toString(8).padStart(6, "0")}\0 `), 148);
  return block;
}

function extension(typeflag: string, body: string, claimedBytes?: number): Uint8Array {
  const bytes = new TextEncoder().encode(body);
  const padded = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
  padded.set(bytes);
  const size = (claimedBytes ?? bytes.length).toString(8).padStart(11, "0");
  return Buffer.concat([forged({ 156: typeflag, 124: size }), padded]);
}

/** A pax record of less than 100 bytes. */
function record(key: string, value: string): string {
  const length = ` ${key}=${value}\n`.length;
  return `${length + (length < 9 ? 1 : 2)} ${key}=${value}\n`;
}

function tar(...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat([...parts, tarTrailer()]);
}

describe("TarScanner finds", () => {
  test("every entry of the original's archive, with its place", () => {
    const { entries, end } = scan(original);
    expect(entries.length).toBe(26);
    expect(entries[0]).toEqual({
      kind: "entry",
      name: "oci-layout",
      type: "file",
      sizeBytes: 30,
      headerOffset: 0,
      bodyOffset: 512,
      nextOffset: 1024,
    });
    expect(entries[3]).toMatchObject({ name: "blobs/sha256", type: "directory", headerOffset: 3072 });
    expect(entries.at(-1)).toMatchObject({ name: "index.json", headerOffset: 43008, sizeBytes: 3459 });
    expect(end).toEqual({ kind: "end", offset: original.length, halfMarker: false });
    expect(textOf(original, "oci-layout")).toBe('{"imageLayoutVersion":"1.0.0"}');
  });

  test("an end marker of which half is missing, and says so", () => {
    const cut = original.subarray(0, original.length - 512);
    expect(scan(cut).end).toEqual({ kind: "end", offset: cut.length, halfMarker: true });
  });

  test("names and sizes from pax records, over those of the block", () => {
    const bytes = tar(
      extension("x", record("path", "long/name") + record("size", "600")),
      forged({}),
      new Uint8Array(1024),
    );
    expect(scan(bytes).entries).toMatchObject([
      { name: "long/name", sizeBytes: 600, headerOffset: 0, bodyOffset: 1536 },
    ]);
  });

  test("that pax records hold for one entry, global ones for all that follow", () => {
    const bytes = tar(
      extension("g", record("path", "global")),
      forged({}),
      extension("x", record("path", "local")),
      forged({}),
      forged({}),
    );
    expect(scan(bytes).entries.map((entry) => entry.name)).toEqual(["global", "local", "global"]);
  });

  test("a global header of git archive at the end of an archive", () => {
    expect(scan(tar(extension("g", record("comment", "1234567")))).entries).toEqual([]);
  });

  test("GNU long names and leaves long links alone", () => {
    const name = "d/".repeat(200);
    const bytes = tar(extension("K", "to\0"), extension("L", `${name}\0`), forged({ 156: "5" }));
    expect(scan(bytes).entries).toMatchObject([{ name, type: "directory", headerOffset: 0 }]);
  });

  test("sizes in base 256", () => {
    const size = new Uint8Array(12);
    size.set([0x80, 0, 0, 0, 0, 0, 0x0a]);
    const scanner = new TarScanner({ archive: "a" });
    expect(scanner.push(forged({ 124: size }))).toMatchObject({ sizeBytes: 10 * 1024 ** 4 });
  });

  test("a checksum that was summed with signs", () => {
    expect(scan(tar(forged({ 0: "blobs/ü" }, "signed"))).entries).toMatchObject([{ name: "blobs/ü" }]);
  });

  test("no body behind a link, whatever its size field says", () => {
    const bytes = tar(forged({ 156: "2", 124: "00000001000" }), forged({}));
    expect(scan(bytes).entries.map(({ type, sizeBytes }) => [type, sizeBytes])).toEqual([
      ["link", 0],
      ["file", 0],
    ]);
  });

  test("directories of old tars by the slash", () => {
    expect(scan(tar(forged({ 0: "blobs/\0", 156: "\0" }))).entries).toMatchObject([{ type: "directory" }]);
  });
});

describe("TarScanner reads what", () => {
  let dir = "";
  const long = `blobs/sha512/${"ab".repeat(64)}`;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "tar-reader-"));
    mkdirSync(join(dir, "blobs/sha512"), { recursive: true });
    writeFileSync(join(dir, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(join(dir, long), "a blob");
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test.each(["gnu", "oldgnu", "pax", "posix", "ustar"])("tar --format=%s writes", (format) => {
    if (format === "ustar") rmSync(join(dir, long));
    const run = Bun.spawnSync(["tar", `--format=${format}`, "-C", dir, "-cf", "-", "."]);
    const bytes = new Uint8Array(run.stdout);
    const { entries, end } = scan(bytes);
    const files = Object.fromEntries(
      entries
        .filter(({ type }) => type === "file")
        .map((entry) => [entry.name, Buffer.from(bodyOf(bytes, entry)).toString()]),
    );
    expect(files).toEqual({
      "./oci-layout": '{"imageLayoutVersion":"1.0.0"}',
      ...(format === "ustar" ? {} : { [`./${long}`]: "a blob" }),
    });
    expect(entries.find(({ name }) => name === "./blobs/")?.type).toBe("directory");
    expect(end.kind).toBe("end");
    // GNU tar fills its last record of 10 KiB.
    if (end.kind === "end") {
      checkZeroTail(bytes.subarray(end.offset), { archive: "x", offset: end.offset });
      expect(bytes.length).toBeGreaterThan(end.offset);
    }
  });

  test("python's tarfile writes in its three formats", () => {
    const script = `import tarfile,io,sys
for f in (tarfile.PAX_FORMAT,tarfile.GNU_FORMAT,tarfile.USTAR_FORMAT):
  b=io.BytesIO(); t=tarfile.open(fileobj=b,mode='w',format=f)
  for n in ('./index.json','p'*90+'/'+'q'*90):
    i=tarfile.TarInfo(n); i.size=3; t.addfile(i,io.BytesIO(b'abc'))
  t.close(); sys.stdout.buffer.write(b.getvalue())`;
    const bytes = new Uint8Array(Bun.spawnSync(["python3", "-c", script]).stdout);
    expect(bytes.length).toBe(3 * 10240);
    for (const start of [0, 10240, 20480]) {
      const { entries } = scan(bytes.subarray(start, start + 10240));
      expect(entries.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
        ["./index.json", 3],
        [`${"p".repeat(90)}/${"q".repeat(90)}`, 3],
      ]);
    }
  });
});

describe("TarScanner refuses", () => {
  const blobAt = 3584;

  test("a flipped bit anywhere in a header, naming the header's byte", () => {
    // The two last bytes of the checksum field are a NUL and a blank that no reader looks at.
    for (let index = 0; index < 512; index += 1) {
      if (index === 154 || index === 155) continue;
      const bytes = original.slice();
      bytes[blobAt + index]! ^= 0x01;
      expect(failure(() => scan(bytes))).toStartWith(
        `archive: Cannot read archive "test.tar" at byte ${blobAt}: the header's checksum is wrong`,
      );
    }
  });

  test.each([
    ["text", new TextEncoder().encode("#!/bin/sh\n".repeat(100))],
    ["a gzip stream", testData("original/serialize.tar.gz")],
  ])("%s, which is not a tar", (_what, bytes) => {
    expect(failure(() => scan(bytes))).toBe(
      'archive: Cannot read archive "test.tar" at byte 0: it is not a tar archive',
    );
  });

  test("nothing at all", () => {
    expect(failure(() => scan(new Uint8Array(0)))).toBe(
      'archive: Cannot read archive "test.tar" at byte 0: it is empty',
    );
  });

  test("an archive cut anywhere but in its end marker, and never calls it whole", () => {
    for (let length = 1; length < original.length - 1024; length += 97) {
      expect(failure(() => scan(original.subarray(0, length)))).toMatch(
        new RegExp(`^archive: Cannot read archive "test.tar" at byte ${length}: .*incomplete`),
      );
    }
  });

  test.each([
    [
      original.length - 1024,
      `the archive ends at byte ${original.length - 1024} without its end marker: it is incomplete`,
    ],
    [1500, "the archive ends in the middle of a header: it is incomplete"],
    [1024, "the archive ends at byte 1024 without its end marker: it is incomplete"],
    [
      1023,
      'the archive ends in the middle of entry "oci-layout", which goes on to byte 542: it is incomplete',
    ],
    [
      512,
      'the archive ends in the middle of entry "oci-layout", which goes on to byte 542: it is incomplete',
    ],
    [200, "the archive ends in the middle of a header: it is incomplete"],
  ])("an archive that ends at byte %p: %s", (length, state) => {
    expect(failure(() => scan(original.subarray(0, length)))).toBe(
      `archive: Cannot read archive "test.tar" at byte ${length}: ${state}`,
    );
  });

  test("10 GB claimed in a 1 KB file", () => {
    const bytes = tarHeader({ name: "blobs/x", sizeBytes: 10_000_000_000, kind: "file" });
    const kilobyte = Buffer.concat([bytes, new Uint8Array(512)]);
    expect(failure(() => scan(kilobyte))).toContain("at byte 2048: the archive ends in the middle of entry");
  });

  test("sizes that no number holds", () => {
    const state = "an entry claims a size beyond what is possible";
    expect(failure(() => scan(tar(forged({ 124: new Uint8Array(12).fill(0x81) }))))).toContain(
      `at byte 0: ${state}`,
    );
    expect(failure(() => scan(tar(forged({ 124: new Uint8Array(12).fill(0xff) }))))).toContain(
      `at byte 0: ${state}`,
    );
    expect(
      failure(() => scan(tar(extension("x", record("size", "9999999999999999")), forged({})))),
    ).toContain(`at byte 512: `);
    expect(
      failure(() => scan(tar(extension("x", record("size", "9007199254740991")), forged({})))),
    ).toContain('at byte 1024: entry "blobs/x" claims a size beyond');
    expect(failure(() => scan(tar(forged({ 124: "12x45" }))))).toContain(
      "at byte 0: an entry's size is not a number",
    );
  });

  test("a header extension above its limit, before reading it", () => {
    expect(failure(() => scan(tar(extension("L", "", extensionLimitBytes + 1))))).toContain(
      `at byte 0: a header extension claims ${extensionLimitBytes + 1} bytes`,
    );
  });

  test.each(["99 path=x\n", "x path=y\n", "10 path=xyz", "7 nokey\n", "0 a=b\n", "3 a=b\n", " 9 path=x\n"])(
    "the malformed pax record %j, naming its byte",
    (bad) => {
      const bytes = tar(extension("x", `10 a=bcde\n${bad}`), forged({}));
      expect(failure(() => scan(bytes))).toContain("at byte 522: a pax header record is malformed");
    },
  );

  test("an extension with no entry behind it", () => {
    expect(failure(() => scan(tar(extension("L", "name\0"))))).toContain(
      "at byte 1024: a long name or pax header has no entry",
    );
  });

  test("sparse files, in both dialects", () => {
    expect(failure(() => scan(tar(forged({ 156: "S" }))))).toContain("sparse");
    expect(failure(() => scan(tar(extension("x", record("GNU.sparse.major", "1")), forged({}))))).toContain(
      "sparse",
    );
  });

  test("an entry between the two halves of an end marker", () => {
    const bytes = tar(new Uint8Array(512), forged({}));
    expect(failure(() => scan(bytes))).toContain("at byte 512: something follows half an end marker");
  });
});

test("checkZeroTail() takes zeros and names the first byte that is none", () => {
  const tail = new Uint8Array(4096);
  checkZeroTail(tail, { archive: "a.tar", offset: 1000 });
  tail[4000] = 1;
  expect(failure(() => checkZeroTail(tail, { archive: "a.tar", offset: 1000 }))).toBe(
    'archive: Cannot read archive "a.tar" at byte 5000: something follows the end of the archive',
  );
});
