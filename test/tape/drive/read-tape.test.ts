/** Reading a tape: block sizes found out, filemarks, and where the data end. */
import { expect, test } from "bun:test";
import { readBlocks } from "../../../src/tape/drive/read-tape.ts";
import { DriveModel, type DriveModelOptions } from "../../support/drive-model.ts";

function tapeOf(
  blocks: readonly (number | "filemark")[],
  options: Partial<DriveModelOptions> = {},
): DriveModel {
  const drive = new DriveModel(options);
  for (const block of blocks)
    drive.tape.put(
      drive.at++,
      block === "filemark" ? { kind: block } : { kind: "block", bytes: Buffer.alloc(block, drive.at) },
    );
  drive.at = 0;
  return drive;
}

/** The lengths of what was read. */
function read(drive: DriveModel, blockBytes = 0): number[] {
  return [...readBlocks(drive, drive.options.fixedBlockBytes, { name: "tape", blockBytes })].map(
    ({ length }) => length,
  );
}

test("a file is read up to its filemark, and the next call reads the next one", () => {
  const drive = tapeOf([1000, 1000, 10, "filemark", 5, "filemark"]);
  expect(read(drive)).toEqual([1000, 1000, 10]);
  expect(read(drive)).toEqual([5]);
});

test("a block larger than the reads is read again with larger ones", () => {
  expect(read(tapeOf([1_000_000, 1_000_000, "filemark"]), 65_536)).toEqual([1_000_000, 1_000_000]);
});

test("a host adapter that takes little is asked for less", () => {
  expect(read(tapeOf([200_000, 100, "filemark"], { adapterBytes: 300_000 }))).toEqual([200_000, 100]);
});

test("blocks that do not fit through the host adapter are an error, not an end", () => {
  expect(() => read(tapeOf([400_000, "filemark"], { adapterBytes: 300_000 }))).toThrow("host adapter");
});

test("data without a filemark end where they end", () => {
  expect(read(tapeOf([10, 10]))).toEqual([10, 10]);
});

test("a blank place is an error when the driver says so", () => {
  const drive = tapeOf([10, "filemark"]);
  drive.operate("eom", 1);
  expect(() => read(drive)).toThrow("the tape is blank from here on");
});
