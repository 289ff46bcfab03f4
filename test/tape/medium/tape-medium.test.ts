/** Writing to a tape: what is on it after errors, resets, a full tape and drives that lie. */
import { describe, expect, test } from "bun:test";
import { AceError } from "../../../src/errors.ts";
import { TapeMedium } from "../../../src/tape/medium/tape-medium.ts";
import { DriveModel, type DriveModelOptions } from "../../support/drive-model.ts";

const blockBytes = 64 * 1024;

function open(options: Partial<DriveModelOptions> = {}, bytes = blockBytes) {
  const drive = new DriveModel(options);
  const medium = new TapeMedium(drive, {
    name: "/dev/nst0",
    blockBytes: bytes,
    fixedBlockBytes: drive.options.fixedBlockBytes,
    startBlock: drive.position(),
  });
  return { drive, medium };
}

/** Writes blocks until one fails or finds no room; each holds its own number. @returns the failure */
function fill(
  medium: TapeMedium,
  blocks: number,
  flushEvery = Number.POSITIVE_INFINITY,
): AceError | "full" | undefined {
  for (let at = 0; at < blocks; at++) {
    try {
      const block = Buffer.alloc(medium.blockBytes, at % 256);
      if (medium.write(block, at * medium.blockBytes) === 0) return "full";
      if ((at + 1) % flushEvery === 0) medium.flush();
    } catch (error) {
      if (error instanceof AceError) return error;
      throw error;
    }
  }
  return undefined;
}

function failureOf(end: AceError | "full" | undefined): AceError | undefined {
  return end === "full" ? undefined : end;
}

test("a whole archive is its blocks and one filemark, however often it was flushed", () => {
  const { drive, medium } = open();
  expect(fill(medium, 10, 3)).toBeUndefined();
  medium.finish();
  expect(drive.tape.map()).toEqual(["10 x 65536", "filemark"]);
  expect(drive.isClosed).toBe(true);
});

test("a run that is stopped leaves a filemark, and one that wrote nothing leaves nothing", () => {
  const stopped = open();
  fill(stopped.medium, 3);
  stopped.medium.abandon();
  expect(stopped.drive.tape.map()).toEqual(["3 x 65536", "filemark"]);
  const empty = open();
  empty.medium.abandon();
  expect(empty.drive.tape.map()).toEqual([]);
});

describe("after the first failure", () => {
  test("an error that the driver tells once, and later, is what a flush fails with, whether the drive tells its position or not", () => {
    for (const tellsNoPosition of [false, true]) {
      const drive = new DriveModel({ synchronousBytes: 0, tellsNoPosition });
      drive.failure = { call: 2 };
      const medium = new TapeMedium(drive, {
        ...{ name: "tape", blockBytes, fixedBlockBytes: 0, startBlock: tellsNoPosition ? undefined : 0 },
      });
      expect(failureOf(fill(medium, 2, 2))?.message).toBe("Cannot flush tape: input/output error");
    }
  });

  for (const rewinds of [false, true]) {
    for (const synchronousBytes of [blockBytes, 0]) {
      const late = synchronousBytes === 0 ? ", of which the driver tells later" : "";
      const name = `${rewinds ? "a reset" : "an error"} at any call of a run${late}`;
      test(`${name}: the beginning stays, nothing follows, the last flush is named`, () => {
        // Writes and flushes of 8 blocks with a flush after every second, and the end's flush and filemark.
        for (let call = 1; call <= 13; call++) {
          const drive = new DriveModel({ synchronousBytes });
          drive.tape.put(0, { kind: "block", bytes: Buffer.from("precious") });
          drive.tape.put(1, { kind: "filemark" });
          drive.at = 2;
          drive.failure = { call, rewinds };
          const medium = new TapeMedium(drive, {
            name: "tape",
            blockBytes,
            fixedBlockBytes: 0,
            startBlock: 2,
          });
          let failed = failureOf(fill(medium, 8, 2));
          try {
            if (failed === undefined) medium.finish();
          } catch (error) {
            failed = error instanceof AceError ? error : undefined;
          }
          expect(failed?.code).toBe("medium");
          expect(failed?.details[0]).toMatch(/^the last flush was at byte \d+, block \d+ of the tape$/);
          const flushed = Number(/block (\d+)/.exec(String(failed?.details[0]))?.[1]);
          expect(drive.tape.items.length).toBeGreaterThanOrEqual(flushed);
          const calls = drive.calls.length;
          expect(() => medium.write(Buffer.alloc(blockBytes), 0)).toThrow("Cannot");
          expect(() => medium.flush()).toThrow("Cannot");
          medium.abandon();
          expect(drive.calls.slice(calls)).toEqual(["unlock 1"]);
          expect(drive.isClosed).toBe(true);
          expect(drive.tape.map().slice(0, 2)).toEqual(["1 x 8", "filemark"]);
        }
      });
    }
  }
});

describe("at the end of the tape", () => {
  const small = { capacityBytes: 10 * blockBytes, earlyWarningBytes: 4 * blockBytes };

  test("what was accepted is flushed, and ends with a filemark", () => {
    const { drive, medium } = open(small);
    expect(fill(medium, 20)).toBe("full");
    medium.flush();
    medium.abandon();
    expect(drive.tape.map()).toEqual(["6 x 65536", "filemark"]);
  });

  test("a block that was stored in spite of ENOSPC is written over with the filemark", () => {
    const { drive, medium } = open({ ...small, storesWhenFull: true });
    expect(fill(medium, 20)).toBe("full");
    expect(drive.at).toBe(7);
    medium.endData();
    expect(drive.tape.map()).toEqual(["6 x 65536", "filemark"]);
  });

  test("blocks that the drive swallows are found out by the next flush, and the one before is named", () => {
    const { medium } = open({ capacityBytes: 5 * blockBytes, swallowsWhenFull: true });
    const failed = failureOf(fill(medium, 20, 4));
    expect(failed?.message).toContain("is at block 5, and should be at block 8");
    expect(failed?.details[0]).toContain(`byte ${4 * blockBytes}, block 4 of the tape`);
  });

  for (const tellsNoPosition of [false, true]) {
    test(`a short count in fixed block mode is taken back${tellsNoPosition ? ", also where the drive tells no position" : ""}`, () => {
      const capacityBytes = 5 * blockBytes + 32768 + 100;
      const { drive, medium } = open({ capacityBytes, fixedBlockBytes: 32768, tellsNoPosition });
      expect(fill(medium, 20)).toBe("full");
      expect(drive.at).toBe(11);
      medium.endData();
      expect(drive.tape.map()).toEqual(["10 x 32768", "filemark"]);
    });
  }
});

test("a rewind that nobody told of is found by the next flush", () => {
  const { drive, medium } = open();
  fill(medium, 4, 2);
  drive.at = 0;
  medium.write(Buffer.alloc(blockBytes), 4 * blockBytes);
  expect(() => medium.flush()).toThrow("is at block 1, and should be at block 5");
});

test("a tape that moved before the first write is not written to", () => {
  const { drive, medium } = open();
  drive.tape.put(0, { kind: "filemark" });
  drive.at = 1;
  expect(failureOf(fill(medium, 1))?.message).toContain("should be at block 0");
  expect(drive.calls).toEqual([]);
});

test("a drive that tells no position is written to without the comparison", () => {
  const { drive, medium } = open({ tellsNoPosition: true });
  expect(fill(medium, 5, 2)).toBeUndefined();
  medium.finish();
  expect(drive.tape.map()).toEqual(["5 x 65536", "filemark"]);
});

test("a size that is refused in the middle is no doubt about the position", () => {
  const { drive, medium } = open({ adapterBytes: 1024 });
  expect(failureOf(fill(medium, 1))?.hint).toEqual({ kind: "smaller-blocks", bytes: 32_768 });
  medium.abandon();
  expect(drive.tape.map()).toEqual([]);
});
