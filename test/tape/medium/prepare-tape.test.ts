/** What is found out before the first byte: sizes, places, and what lies there. */
import { describe, expect, test } from "bun:test";
import { parseTapePosition } from "../../../src/tape/drive/tape-position.ts";
import { prepareTape, type TapeWritingOptions } from "../../../src/tape/medium/prepare-tape.ts";
import { DriveModel, type DriveModelOptions } from "../../support/drive-model.ts";

const mebibyte = 1024 * 1024;

function prepare(drive: DriveModel, options: Partial<TapeWritingOptions> & { at?: string } = {}) {
  return prepareTape(drive, drive.status(), {
    name: "/dev/nst0",
    blockBytes: mebibyte,
    smallerBlocks: false,
    force: false,
    position: parseTapePosition(options.at ?? "here", "--position"),
    ...options,
  });
}

/** Files of one block each, named by what is in them. */
function taped(contents: readonly string[], options: Partial<DriveModelOptions> = {}): DriveModel {
  const drive = new DriveModel(options);
  for (const text of contents) {
    drive.tape.put(drive.at++, { kind: "block", bytes: Buffer.from(text, "latin1") });
    drive.tape.put(drive.at++, { kind: "filemark" });
  }
  drive.at = 0;
  return drive;
}

describe("block sizes", () => {
  const rows: [why: string, drive: Partial<DriveModelOptions>, blockBytes: number, works: number][] = [
    ["the drive's limit", { maxBlockBytes: 300_000 }, mebibyte, 262_144],
    ["the host adapter's limit", { adapterBytes: 512 * 1024 }, mebibyte, 512 * 1024],
    ["just below", { adapterBytes: mebibyte - 1 }, mebibyte, 512 * 1024],
    ["fixed blocks", { adapterBytes: 300_000, fixedBlockBytes: 32_768 }, mebibyte, 262_144],
  ];
  for (const [why, drive, blockBytes, works] of rows) {
    test(`${why}: ${blockBytes} is refused with ${works} named, and auto takes that`, () => {
      const model = new DriveModel(drive);
      expect(() => prepare(model, { blockBytes })).toThrow(`blocks of ${blockBytes} bytes are too large`);
      try {
        prepare(model, { blockBytes });
      } catch (error) {
        expect(error).toMatchObject({ hint: { kind: "smaller-blocks", bytes: works } });
      }
      expect(prepare(model, { blockBytes, smallerBlocks: true }).medium.blockBytes).toBe(works);
      expect(model.calls.filter((call) => call === "write")).toEqual([]);
    });
  }

  test("a drive that takes nothing down to 64 KiB is refused even by auto", () => {
    expect(() => prepare(new DriveModel({ adapterBytes: 4096 }), { smallerBlocks: true })).toThrow(
      "too large",
    );
  });

  test("fixed blocks that do not divide the writes are refused with the command that mends it", () => {
    expect(() => prepare(new DriveModel({ fixedBlockBytes: 1000 }))).toThrow("do not divide those of");
  });
});

describe("what is there", () => {
  const tar = `index.json${"\0".repeat(247)}ustar`;
  const rows: [bytes: string, named: string][] = [
    [tar, "an archive of container images"],
    [`etc/passwd${"\0".repeat(247)}ustar`, 'a tar archive that begins with "etc/passwd"'],
    [`VOL1ABC123${" ".repeat(70)}`, 'a labelled volume "ABC123"'],
    [`VOL1LTO001L${" ".repeat(13)}LTFS${" ".repeat(52)}`, 'an LTFS volume "LTO001"'],
    ["\x1f\x8b\x08", "gzip data"],
    ["xyz", "data, in blocks of 3 bytes"],
  ];
  for (const [bytes, named] of rows) {
    test(`${named} is named, and stays`, () => {
      const drive = taped([bytes]);
      expect(() => prepare(drive)).toThrow(named);
      expect(drive.at).toBe(0);
      expect(drive.tape.items.length).toBe(2);
      expect(prepare(drive, { force: true }).medium.kind).toBe("tape");
      expect(drive.at).toBe(0);
    });
  }

  test("a blank tape, and the end of a written one, are free", () => {
    const blank = new DriveModel();
    expect(prepare(blank).medium.kind).toBe("tape");
    expect(blank.at).toBe(0);
    const written = taped(["a", "b"]);
    prepare(written, { at: "append" });
    expect(written.at).toBe(4);
    expect(() => prepare(taped(["a", "b"]), { at: "file:1" })).toThrow("data, in blocks of 1 bytes");
    const overwritten = taped(["a", "b"]);
    prepare(overwritten, { at: "block:2", force: true });
    expect(overwritten.at).toBe(2);
  });

  test("a filemark is something, too", () => {
    const drive = new DriveModel();
    drive.tape.put(0, { kind: "filemark" });
    expect(() => prepare(drive)).toThrow("there is a filemark");
    expect(drive.at).toBe(0);
  });

  test("blocks larger than a host adapter takes in one read are data all the same", () => {
    const drive = taped(["x".repeat(200_000)], { adapterBytes: 100_000, adapterTells: false });
    expect(() => prepare(drive)).toThrow("data in very large blocks");
    expect(drive.at).toBe(0);
  });

  test("without positions from the drive the place is kept by steps back", () => {
    const drive = taped(["first", "second"], { tellsNoPosition: true });
    drive.at = 2;
    expect(() => prepare(drive)).toThrow("data, in blocks of 6 bytes");
    expect(drive.at).toBe(2);
  });
});

test("a place that is not on the tape is refused", () => {
  expect(() => prepare(taped(["a"]), { at: "file:7" })).toThrow("Cannot go to file:7 on /dev/nst0");
  expect(() => prepare(taped(["a"]), { at: "block:70" })).toThrow("Cannot go to block:70 on /dev/nst0");
});

test("a protected tape is refused", () => {
  expect(() => prepare(new DriveModel({ writeProtected: true }))).toThrow("write-protected");
});

describe("--position", () => {
  for (const text of [
    "",
    "end",
    "file",
    "file:",
    "file:-1",
    "block:1e3",
    "block:99999999999",
    "file:2147483648",
  ]) {
    test(`${JSON.stringify(text)} is refused`, () => {
      expect(() => parseTapePosition(text, "--position")).toThrow("it names no place on a tape");
    });
  }
});
