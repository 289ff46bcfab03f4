import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatLedgerLine, readLedger } from "../../src/format/ledger.ts";
import { LedgerWriter } from "../../src/format/ledger-writer.ts";
import { scan, testData } from "./original.ts";

const originalPath = new URL("../data/original/serialize.ledger", import.meta.url).pathname;
const originalText = readFileSync(originalPath, "utf8");
const everything = Number.MAX_SAFE_INTEGER;
let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "ledger-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

describe("formatLedgerLine()", () => {
  test("writes every line of the original's ledger", async () => {
    const { entries } = await readLedger(originalPath, everything);
    const lines = entries.map(({ descriptor, offset }) => `${formatLedgerLine({ descriptor, offset })}\n`);
    expect(lines.join("")).toBe(originalText);
    expect(lines.length).toBe(21);
  });

  test("puts the offset of another archive in the place of an older one", () => {
    const digest = `sha256:${"ab".repeat(32)}` as const;
    const annotations = { "vnd.act3-ace.data.offset": "7", a: "<" };
    const line = formatLedgerLine({
      descriptor: { mediaType: "m", digest, size: 1, annotations },
      offset: 512,
    });
    expect(line).toBe(
      `{"mediaType":"m","digest":"${digest}","size":1,"annotations":{"a":"\\u003c","vnd.act3-ace.data.offset":"512"}}`,
    );
  });
});

test("a line of a tape says volume, file and block, and is read without them", async () => {
  const descriptor = { mediaType: "m", digest: `sha256:${"ab".repeat(32)}`, size: 1 } as const;
  const line = formatLedgerLine({ descriptor, offset: 512, position: { volume: 2, file: 0, block: 17 } });
  expect(JSON.parse(line)).toEqual({
    ...descriptor,
    annotations: {
      "vnd.act3-ace.data.offset": "512",
      "vnd.act3-ace.data.volume": "2",
      "vnd.act3-ace.data.tape.file": "0",
      "vnd.act3-ace.data.tape.block": "17",
    },
  });
  const { entries } = await readLedger(file("taped", `${line}\n`), 512);
  expect(entries.map((entry) => entry.descriptor)).toEqual([{ ...descriptor, annotations: undefined }]);
});

describe("readLedger()", () => {
  test("finds the original's offsets where its archive has the ends of the entries", async () => {
    const { entries } = await readLedger(originalPath, everything);
    const ends = new Map(
      scan(testData("original/serialize.tar")).entries.map((entry) => [entry.name, entry.nextOffset]),
    );
    for (const { descriptor, offset } of entries) {
      expect(ends.get(`blobs/${descriptor.digest.replace(":", "/")}`)).toBe(offset);
    }
  });

  test.each([
    [0, 0],
    [6143, 0],
    [6144, 1],
    [28159, 11],
    [28160, 12],
    [28161, 12],
    [43008, 21],
  ])("through offset %p counts %p entries", async (offset, count) => {
    const ledger = await readLedger(originalPath, offset);
    expect(ledger.entries.length).toBe(count);
    expect(ledger.digests.size).toBe(count);
    expect(ledger.notices).toEqual([]);
  });

  test("gives descriptors without the offset annotation", async () => {
    const { entries } = await readLedger(originalPath, 8192);
    expect(entries[0]!.descriptor.annotations).toEqual({ "org.opencontainers.image.ref.name": "sync-1" });
    expect(entries[2]!.descriptor.annotations).toBeUndefined();
  });

  test("leaves out a torn last line, cut anywhere, and says so", async () => {
    const lastStart = originalText.lastIndexOf("\n", originalText.length - 2) + 1;
    for (const length of [lastStart + 1, lastStart + 40, originalText.length - 3]) {
      const path = file("torn", originalText.slice(0, length));
      const ledger = await readLedger(path, everything);
      expect(ledger.entries.length).toBe(20);
      expect(ledger.notices).toEqual([`checkpoint ${path}:21 is torn and left out: its writer was stopped`]);
    }
  });

  test("takes a last line that lacks only its newline", async () => {
    const ledger = await readLedger(file("whole", originalText.trimEnd()), everything);
    expect(ledger.entries.length).toBe(21);
    expect(ledger.notices).toEqual([]);
  });

  test.each([
    ["it is not JSON", "nonsense"],
    [
      "annotation vnd.act3-ace.data.offset is missing",
      `{"mediaType":"m","digest":"sha256:${"ab".repeat(32)}","size":1}`,
    ],
    [
      "annotation vnd.act3-ace.data.offset is no byte count",
      `{"mediaType":"m","digest":"sha256:${"ab".repeat(32)}","size":1,"annotations":{"vnd.act3-ace.data.offset":"-1"}}`,
    ],
    ["digest: not a sha256", `{"mediaType":"m","digest":"sha256:ab","size":1}`],
  ])("names file and line when %s", async (state, line) => {
    const path = file("bad", `${originalText}\n${line}\n`);
    await expect(readLedger(path, everything)).rejects.toThrow(`Cannot read checkpoint ${path}:23: ${state}`);
  });

  test("names a file that is not there", async () => {
    await expect(readLedger(join(dir, "none"), 0)).rejects.toThrow(
      `Cannot read checkpoint ${join(dir, "none")}: no such file`,
    );
  });

  test("reads 100 000 lines, and keeps only those that count", async () => {
    const lines = Array.from({ length: 100_000 }, (_, index) =>
      formatLedgerLine({
        descriptor: {
          mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
          digest: `sha256:${index.toString(16).padStart(64, "0")}`,
          size: 1,
        },
        offset: index * 1024,
      }),
    );
    const path = file("large", `${lines.join("\n")}\n`);
    const ledger = await readLedger(path, 1024 * 10);
    expect(ledger.entries.map(({ offset }) => offset)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => n * 1024),
    );
    expect((await readLedger(path, everything)).digests.size).toBe(100_000);
  }, 20_000);
});

describe("LedgerWriter", () => {
  test("writes what readLedger() reads, line by line", async () => {
    const path = join(dir, "new");
    const { entries } = await readLedger(originalPath, everything);
    {
      await using writer = await LedgerWriter.open(path, { force: false });
      await writer.append([]);
      await writer.append(entries.slice(0, 1));
      expect(readFileSync(path, "utf8").split("\n").length).toBe(2);
      await writer.append(entries.slice(1));
    }
    expect(readFileSync(path, "utf8")).toBe(originalText);
  });

  test("refuses a ledger that is there, and leaves it as it is", async () => {
    const path = file("kept", originalText);
    await expect(LedgerWriter.open(path, { force: false })).rejects.toThrow(
      `Cannot write checkpoint ${path}: it exists and is not empty`,
    );
    expect(readFileSync(path, "utf8")).toBe(originalText);
  });

  test("takes an empty file, and with force one that is not", async () => {
    const path = file("old", originalText);
    await (await LedgerWriter.open(path, { force: true })).close();
    expect(statSync(path).size).toBe(0);
    await (await LedgerWriter.open(path, { force: false })).close();
  });

  test("names a directory that is not there", async () => {
    const path = join(dir, "none", "ledger");
    await expect(LedgerWriter.open(path, { force: false })).rejects.toThrow(
      `Cannot write checkpoint ${path}: its directory does not exist`,
    );
    expect(existsSync(path)).toBe(false);
  });

  test.if(existsSync("/dev/full"))("says when the disk is full", async () => {
    const { entries } = await readLedger(originalPath, everything);
    await using writer = await LedgerWriter.open("/dev/full", { force: false });
    await expect(writer.append(entries)).rejects.toThrow(
      "Cannot write checkpoint /dev/full: no space left on it",
    );
  });
});
