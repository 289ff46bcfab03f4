/** Reading sets of volumes on modelled drives: tapes in any order, wrong ones named, archives without catalogues as ever. */
import { describe, expect, test } from "bun:test";
import { AceError } from "../../../src/errors.ts";
import type { WantedVolume } from "../../../src/tape/catalogue/volume.ts";
import { parseTapePosition } from "../../../src/tape/drive/tape-position.ts";
import { readVolumes } from "../../../src/tape/volumes/read-volumes.ts";
import { DriveModel, type DriveModelOptions } from "../../support/drive-model.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { Cartridge } from "../../support/tape-vm/cartridge.ts";
import { blockBytes, set, VolumeRuns } from "./volume-runs.ts";

const kib = 1024;

/** An archive's bytes: they begin as a tar of ours does, so that they can be told from the middle of one. */
function archiveOf(seed: string, bytes: number): Buffer {
  const archive = Buffer.from(seededBytes(seed, bytes));
  archive.fill(0, 0, 512);
  archive.write("oci-layout", 0);
  archive.write("ustar", 257);
  return archive;
}

async function written(
  seed: string,
  bytes: number,
  drive: Partial<DriveModelOptions> = {},
): Promise<Cartridge[]> {
  const runs = new VolumeRuns({
    archive: archiveOf(seed, bytes),
    drive: { capacityBytes: 600 * kib, earlyWarningBytes: 400 * kib, ...drive },
    flushEveryBytes: 10 * blockBytes,
    blank: () => new Cartridge(),
  });
  expect(await runs.run()).toBe(true);
  return runs.cartridges;
}

interface Reading {
  bytes: Buffer;
  asked: WantedVolume[];
  error: AceError | undefined;
  drive: DriveModel;
}

/** Reads with `first` in the drive; each time another volume is asked for, the next of `others` is put in. */
async function read(
  first: Cartridge,
  others: readonly Cartridge[] = [],
  {
    at = "here",
    drive = {},
    head = 0,
  }: { at?: string; drive?: Partial<DriveModelOptions>; head?: number } = {},
): Promise<Reading> {
  const waiting = [...others];
  const asked: WantedVolume[] = [];
  const chunks: Buffer[] = [];
  let model = new DriveModel(drive, first);
  model.at = head;
  let error: AceError | undefined;
  try {
    const options = {
      name: "tape",
      blockBytes: 0,
      position: parseTapePosition(at, "--position"),
      isStopped: () => false,
    };
    const changer = {
      change: async (wanted: WantedVolume) => {
        asked.push(wanted);
        const next = waiting.shift();
        if (next === undefined) throw new AceError("medium", "Cannot go on: nobody is here");
        model = new DriveModel(drive, next);
        model.at = next.items.length;
      },
    };
    const open = () => ({ device: model, status: model.status() });
    for await (const chunk of readVolumes(options, changer, open)) chunks.push(Buffer.from(chunk));
  } catch (thrown) {
    if (!(thrown instanceof AceError)) throw thrown;
    error = thrown;
  }
  return { bytes: Buffer.concat(chunks), asked, error, drive: model };
}

describe("a set", () => {
  for (const fixedBlockBytes of [0, blockBytes / 4]) {
    test(`is read tape by tape, each asked for by its number (${fixedBlockBytes === 0 ? "variable" : "fixed"} blocks)`, async () => {
      const drive = { fixedBlockBytes };
      const tapes = await written("set", 700_000, drive);
      expect(tapes.length).toBe(4);
      const { bytes, asked, error } = await read(tapes[0]!, tapes.slice(1), { drive });
      expect(error).toBeUndefined();
      expect(bytes.subarray(0, 700_000).equals(archiveOf("set", 700_000))).toBe(true);
      expect(asked.map(({ volume, reason, set: of }) => ({ volume, reason, of }))).toEqual(
        [2, 3, 4].map((volume) => ({ volume, reason: "next", of: set })),
      );
    });
  }

  test("wrong, repeated, foreign and blank tapes are refused by name, and the volume is asked for again", async () => {
    const tapes = await written("set", 500_000);
    const plain = new Cartridge();
    plain.put(0, { kind: "block", bytes: Buffer.from("hello") });
    plain.put(1, { kind: "filemark" });
    const { bytes, asked, error } = await read(tapes[0]!, [
      ...[tapes[0]!, tapes[2]!, plain, new Cartridge(), tapes[1]!, tapes[2]!],
    ]);
    expect(error).toBeUndefined();
    expect(bytes.subarray(0, 500_000).equals(archiveOf("set", 500_000))).toBe(true);
    expect(asked.map(({ volume, reason, message }) => [volume, reason, message])).toEqual([
      [2, "next", "tape: volume 1 is read"],
      [2, "wrong", `tape: the tape is volume 1 of set ${set} (sync)`],
      [2, "wrong", `tape: the tape is volume 3 of set ${set} (sync)`],
      [2, "wrong", "tape: the tape holds no whole volume of any set"],
      [2, "wrong", "tape: the tape is blank"],
      [3, "next", "tape: volume 2 is read"],
    ]);
  });

  test("a changer that always brings the same tape is given up", async () => {
    const tapes = await written("set", 300_000);
    const { asked, error } = await read(tapes[0]!, Array(20).fill(tapes[0]));
    expect(error?.message).toContain(`the tape is volume 1 of set ${set}`);
    expect(asked.length).toBeLessThan(10);
  });

  test("another volume in the drive than the first one: the first one is asked for", async () => {
    const tapes = await written("set", 500_000);
    const { bytes, asked, error } = await read(tapes[1]!, tapes);
    expect(error).toBeUndefined();
    expect(asked[0]).toMatchObject({
      volume: 1,
      reason: "wrong",
      message: expect.stringContaining("is volume 2 of set"),
    });
    expect(bytes.subarray(0, 500_000).equals(archiveOf("set", 500_000))).toBe(true);
    const nobody = await read(tapes[1]!);
    expect(nobody.error?.code).toBe("medium");
    expect(nobody.bytes.length).toBe(0);
  });

  test("without anybody to bring the next volume what is there is read, and the error follows", async () => {
    const tapes = await written("set", 500_000);
    const { bytes, error } = await read(tapes[0]!);
    expect(error?.message).toBe("Cannot go on: nobody is here");
    expect(bytes.equals(archiveOf("set", 500_000).subarray(0, bytes.length))).toBe(true);
    expect(bytes.length).toBeGreaterThan(100_000);
  });

  test("a volume that lost a block is named", async () => {
    const [tape, ...others] = await written("set", 500_000);
    tape?.items.splice(5, 1);
    const { error } = await read(tape!, others);
    expect(error?.code).toBe("archive");
    expect(error?.message).toContain("volume 1 of set");
  });

  test("volumes of another copy of the same archive stand in for each other where they are cut alike", async () => {
    const [one, two] = await Promise.all([written("set", 500_000), written("set", 500_000)]);
    const { error, bytes } = await read(one[0]!, [two[1]!, one[2]!]);
    expect(error).toBeUndefined();
    expect(bytes.subarray(0, 500_000).equals(archiveOf("set", 500_000))).toBe(true);
    const smaller = await written("set", 500_000, { capacityBytes: 560 * kib });
    const mixed = await read(one[0]!, [smaller[1]!]);
    expect(mixed.asked.at(-1)).toMatchObject({ volume: 2, reason: "wrong" });
  });
});

describe("one tape", () => {
  const twoOn = async (): Promise<Cartridge> => {
    const [first] = await written("first", 100_000);
    const [second] = await written("second", 120_000);
    for (const item of second?.items ?? []) first?.put(first.items.length, item);
    return first!;
  };

  test("two archives are read one after the other: the catalogue between them is passed over", async () => {
    const tape = await twoOn();
    const first = await read(tape);
    expect(first.bytes.subarray(0, 100_000).equals(archiveOf("first", 100_000))).toBe(true);
    const second = await read(tape, [], { head: first.drive.at });
    expect(second.bytes.subarray(0, 120_000).equals(archiveOf("second", 120_000))).toBe(true);
    const atCatalogue = await read(tape, [], { head: first.drive.at - 2 });
    expect(atCatalogue.bytes.subarray(0, 120_000).equals(archiveOf("second", 120_000))).toBe(true);
  });

  test("file:N counts all files of the tape, and a catalogue is no archive", async () => {
    const tape = await twoOn();
    const second = await read(tape, [], { at: "file:2" });
    expect(second.bytes.subarray(0, 120_000).equals(archiveOf("second", 120_000))).toBe(true);
    const catalogue = await read(tape, [], { at: "file:1" });
    expect(catalogue.error?.message).toContain("at file:1 is the catalogue of volume 1");
    expect(catalogue.error?.hint).toContain("label-info");
  });

  test("an archive without a catalogue ends at its filemark, and the tape stays there", async () => {
    const tape = new Cartridge();
    const archive = archiveOf("plain", 3 * blockBytes);
    for (let at = 0; at < 3; at++)
      tape.put(at, { kind: "block", bytes: archive.subarray(at * blockBytes, (at + 1) * blockBytes) });
    tape.put(3, { kind: "filemark" });
    tape.put(4, { kind: "block", bytes: Buffer.from("another file") });
    for (const drive of [{}, { tellsNoPosition: true }]) {
      const { bytes, error, drive: model } = await read(tape, [], { drive });
      expect(error).toBeUndefined();
      expect(bytes.equals(archive)).toBe(true);
      expect(model.at).toBe(4);
    }
  });
});
