/** What is found out of a tape without reading it, on a modelled drive. */
import { describe, expect, test } from "bun:test";
import { formatCatalogue, segmentBytes, type VolumeLabel } from "../../../src/tape/catalogue/catalogue.ts";
import { moveTape } from "../../../src/tape/drive/move-tape.ts";
import { reportDrive } from "../../../src/tape/drive/report-drive.ts";
import { type SurveyOptions, surveyTape } from "../../../src/tape/drive/survey-tape.ts";
import { lookAhead } from "../../../src/tape/drive/tape-contents.ts";
import { nameFiles } from "../../../src/tape/drive/tape-volumes.ts";
import { DriveModel, type DriveModelOptions } from "../../support/drive-model.ts";

const set = "3f9a1c07d2b84e65";
const archive = `oci-layout${"\0".repeat(247)}ustar${"\0".repeat(250)}`;

function label(more: Partial<VolumeLabel> = {}): VolumeLabel {
  const sizes = { offset: 0, bytes: 2048, blockBytes: 512, segmentBytes };
  return { set, name: "sync-45", volume: 1, last: true, ...sizes, file: 0, block: 0, ...more };
}

function catalogue(more: Partial<VolumeLabel> = {}): string {
  return [...formatCatalogue({ label: label(more), segments: ["0".repeat(64)] })].join("");
}

/** A tape of files, each of them blocks, with a filemark behind each; `open` leaves the last one out. */
function taped(
  files: readonly (readonly string[])[],
  options: Partial<DriveModelOptions> = {},
  open = false,
): DriveModel {
  const drive = new DriveModel(options);
  for (const [at, blocks] of files.entries()) {
    for (const text of blocks)
      drive.tape.put(drive.at++, { kind: "block", bytes: Buffer.from(text, "latin1") });
    if (!open || at < files.length - 1) drive.tape.put(drive.at++, { kind: "filemark" });
  }
  drive.at = 0;
  return drive;
}

function survey(drive: DriveModel, options: Partial<SurveyOptions> = {}) {
  return surveyTape(drive, { name: "/dev/nst0", isStopped: () => false, ...options });
}

function named(drive: DriveModel): string[] {
  return nameFiles(survey(drive).files).map(({ is }) => is);
}

describe("surveyTape()", () => {
  test("gives number, first block, size and description of each file, and rewinds", () => {
    const drive = taped([[archive, archive, archive], [catalogue()], ["xyz"]]);
    drive.at = 3;
    const { files, more, endBlock } = survey(drive);
    const tail = { label: undefined, ended: true };
    expect(files).toEqual([
      { file: 0, block: 0, blockBytes: 512, kind: "data", is: "an archive of container images", ...tail },
      {
        file: 1,
        block: 4,
        blockBytes: catalogue().length,
        kind: "catalogue",
        is: `the catalogue of volume 1 of set ${set} (sync-45)`,
        label: label(),
        ended: true,
      },
      { file: 2, block: 6, blockBytes: 3, kind: "data", is: "data", ...tail },
    ]);
    expect({ more, endBlock, at: drive.at }).toEqual({ more: false, endBlock: 8, at: 0 });
  });

  test("a hundred files take one read and one FSF each", () => {
    const drive = taped(Array.from({ length: 100 }, () => [archive, "more", "and more"]));
    const read = drive.read.bind(drive);
    let reads = 0;
    drive.read = (into) => {
      reads++;
      return read(into);
    };
    expect(survey(drive).files.length).toBe(100);
    // The last read finds the end of the data.
    expect(reads).toBe(101);
    expect(drive.calls.filter((call) => call === "forwardFiles 1").length).toBe(100);
    expect(drive.calls.length).toBe(102);
  });

  test("a blank tape has no files, also when the drive tells no position", () => {
    const drive = new DriveModel();
    expect(survey(drive)).toEqual({ files: [], more: false, endBlock: 0 });
    expect(drive.at).toBe(0);
    expect(survey(new DriveModel({ tellsNoPosition: true })).files).toEqual([]);
  });

  test("a beginning that cannot be read is not blank, also when the drive does not move", () => {
    const drive = taped([[archive], ["b"]], { unreadable: [0] });
    expect(survey(drive).files.map(({ kind }) => kind)).toEqual(["unreadable", "data"]);
    expect(lookAhead(drive)).toEqual({ kind: "unreadable" });
    expect(drive.at).toBe(0);
    const silent = taped([[archive]], { unreadable: [0], tellsNoPosition: true });
    expect(lookAhead(silent)).toEqual({ kind: "unreadable" });
  });

  test("empty files, and one without a filemark, are what they are", () => {
    const drive = taped([["a"], [], ["b"]], {}, true);
    const { files, endBlock } = survey(drive);
    expect(files.map(({ block, kind, ended }) => ({ block, kind, ended }))).toEqual([
      { block: 0, kind: "data", ended: true },
      { block: 2, kind: "empty", ended: true },
      { block: 3, kind: "data", ended: false },
    ]);
    expect(endBlock).toBe(4);
    expect(named(drive).at(-1)).toBe("data; no filemark behind it");
  });

  test("a drive that tells no positions is gone through all the same", () => {
    const drive = taped([[archive], [catalogue()], ["c"]], { tellsNoPosition: true });
    const { files } = survey(drive);
    expect(files.map(({ block, kind }) => [block, kind])).toEqual([
      [undefined, "data"],
      [undefined, "catalogue"],
      [undefined, "data"],
    ]);
  });

  test("host adapters that take little are asked for less, once", () => {
    const drive = taped([["x".repeat(200_000)], [catalogue()]], { adapterBytes: 100_000 });
    const { files } = survey(drive);
    expect(files.map(({ blockBytes, kind }) => [blockBytes, kind])).toEqual([
      [undefined, "data"],
      [catalogue().length, "catalogue"],
    ]);
  });

  test("the first line of a catalogue in small fixed blocks is read whole", () => {
    const padded = catalogue().padEnd(1024, "\n");
    const blocks = [padded.slice(0, 512), padded.slice(512)];
    const drive = taped([["x".repeat(512)], blocks], { fixedBlockBytes: 512 });
    const { files } = survey(drive);
    expect(files[1]).toMatchObject({ blockBytes: 512, kind: "catalogue", label: label() });
  });

  test("stops behind maxFiles and says whether there is more", () => {
    const drive = taped([["a"], ["b"], ["c"]]);
    expect(survey(drive, { maxFiles: 2 })).toMatchObject({ files: [{ file: 0 }, { file: 1 }], more: true });
    expect(survey(drive, { maxFiles: 3 })).toMatchObject({ more: false, endBlock: 6 });
    expect(drive.at).toBe(0);
  });

  test("an error tells what was found until then", () => {
    const drive = taped([[archive], ["b"]]);
    drive.failure = { call: 3 };
    try {
      survey(drive);
      throw new Error("It went well");
    } catch (error) {
      expect(error).toMatchObject({
        code: "medium",
        message: "Cannot go through /dev/nst0: the drive reports an error behind 1 files",
        details: ["file 0 at block 0: an archive of container images"],
      });
    }
  });

  test("a reset on the way ends it", () => {
    const drive = taped([["a"], ["b"], ["c"]]);
    const operate = drive.operate.bind(drive);
    drive.operate = (operation, count) => {
      operate(operation, count);
      if (drive.at === 4) drive.at = 0;
    };
    expect(() => survey(drive)).toThrow("behind block 2 the tape is at block 0, as after a reset");
  });

  test("stops when it is told to", () => {
    let asked = 0;
    const drive = taped([["a"], ["b"], ["c"]]);
    expect(() => survey(drive, { isStopped: () => ++asked > 2 })).toThrow("the run was stopped");
    expect(drive.calls.filter((call) => call === "forwardFiles 1").length).toBe(2);
  });
});

describe("nameFiles()", () => {
  test("data with their catalogue behind them are the volume", () => {
    const second = { volume: 2, last: false, offset: 2048, file: 2, block: 4 };
    const drive = taped([[archive], [catalogue()], ["middle"], [catalogue({ ...second, block: 4 })]]);
    expect(named(drive)).toEqual([
      `volume 1 of set ${set} (sync-45): 2048 bytes from byte 0 of the archive, the last one`,
      `the catalogue of volume 1 of set ${set} (sync-45)`,
      `volume 2 of set ${set} (sync-45): 2048 bytes from byte 2048 of the archive, goes on in volume 3`,
      `the catalogue of volume 2 of set ${set} (sync-45)`,
    ]);
  });

  test("a volume whose beginning cannot be read is one all the same", () => {
    expect(named(taped([[archive], [catalogue()]], { unreadable: [0] }))[0]).toEndWith(
      "the last one; the drive cannot read its beginning",
    );
  });

  test("an archive without a catalogue is said to be one, and a catalogue without data", () => {
    const elsewhere = catalogue({ file: 7, block: 700 });
    expect(named(taped([[archive], [elsewhere]]))).toEqual([
      "an archive of container images without a catalogue: unfinished, or written without one",
      `the catalogue of volume 1 of set ${set} (sync-45), without its data in front of it`,
    ]);
  });

  test("a catalogue of a later version is one that cannot be read", () => {
    const later = catalogue().replace('"aceDtCatalogue":1', '"aceDtCatalogue":2');
    expect(named(taped([[later]]))).toEqual(["a catalogue that this version cannot read"]);
  });
});

describe("reportDrive()", () => {
  test("says everything, and moves nothing", () => {
    const drive = taped([["a"]]);
    drive.at = 2;
    expect(reportDrive(drive)).toMatchObject({
      state: "online",
      driveBlock: 2,
      densityCode: 0x5e,
      alerts: [],
    });
    expect(drive.calls).toEqual([]);
    expect(drive.at).toBe(2);
  });

  test("a drive that may not be asked for its flags is not said to want no cleaning", () => {
    const drive = new DriveModel();
    const facts = drive.facts();
    expect(reportDrive(drive).cleaningAsked).toBe(false);
    drive.facts = () => ({ ...facts, alerts: undefined });
    expect(reportDrive(drive).cleaningAsked).toBeUndefined();
    drive.facts = () => ({ ...facts, alerts: [21] });
    expect(reportDrive(drive).cleaningAsked).toBe(true);
  });

  test("of a tape that is not there nothing is said", () => {
    const drive = new DriveModel();
    const status = drive.status();
    drive.status = () => ({ ...status, online: false, empty: true });
    const unknown = { writeProtected: undefined, fixedBlockBytes: undefined, densityCode: undefined };
    expect(reportDrive(drive)).toMatchObject({ state: "empty", ...unknown, driveBlock: undefined });
    drive.status = () => ({ ...status, online: false });
    expect(reportDrive(drive).state).toBe("loading");
  });
});

test("moveTape() ends where it was told to, or says what failed", () => {
  const drive = taped([["a"], ["b"]]);
  expect(moveTape(drive, "/dev/nst0", "eod")).toMatchObject({ driveBlock: 4, endOfData: true });
  expect(moveTape(drive, "/dev/nst0", "rewind")).toMatchObject({ driveBlock: 0, beginning: true });
  drive.failure = { call: 3 };
  expect(() => moveTape(drive, "/dev/nst0", "eod")).toThrow(
    "Cannot go to the end of the data on /dev/nst0: the drive reports an error",
  );
});
