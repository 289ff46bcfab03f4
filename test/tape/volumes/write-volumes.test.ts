/** Sets of volumes on modelled drives: what is on the tapes, drives that lie, and that no interruption changes a byte of the result. */
import { describe, expect, test } from "bun:test";
import type { AceError } from "../../../src/errors.ts";
import { parseCatalogue } from "../../../src/tape/catalogue/catalogue.ts";
import type { DriveModelOptions } from "../../support/drive-model.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { Cartridge } from "../../support/tape-vm/cartridge.ts";
import {
  blockBytes,
  contentsOf,
  dataOf,
  type RunsOptions,
  set,
  type Trouble,
  VolumeRuns,
} from "./volume-runs.ts";

const kib = 1024;

function runsOf(options: Partial<RunsOptions> & { bytes?: number; seed?: string } = {}): VolumeRuns {
  const { bytes = 300_000, seed = "volumes", ...more } = options;
  return new VolumeRuns({
    archive: seededBytes(seed, bytes),
    drive: { capacityBytes: 600 * kib, earlyWarningBytes: 400 * kib },
    flushEveryBytes: 5 * blockBytes,
    blank: () => new Cartridge(),
    ...more,
  });
}

/** The catalogue of a cartridge's volume. */
function catalogueOf(cartridge: Cartridge) {
  return parseCatalogue(Buffer.concat(cartridge.files()[1] ?? []).toString(), "tape");
}

describe("a set of volumes", () => {
  const rows: [what: string, drive: Partial<DriveModelOptions>][] = [
    ["variable blocks", {}],
    ["fixed blocks of a write", { fixedBlockBytes: blockBytes }],
    ["fixed blocks of a quarter of a write", { fixedBlockBytes: blockBytes / 4 }],
    ["fixed blocks larger than a catalogue's piece", { fixedBlockBytes: blockBytes }],
    ["a drive that tells no position", { tellsNoPosition: true }],
    ["a drive that stores the block for which it says ENOSPC", { storesWhenFull: true }],
  ];
  for (const [what, more] of rows) {
    test(`on ${what}: data, filemark, catalogue, filemark on each; together the archive, byte for byte`, async () => {
      const bytes = 1_000_000;
      const runs = runsOf({
        bytes,
        drive: { capacityBytes: 600 * kib, earlyWarningBytes: 300 * kib, ...more },
        verify: more.tellsNoPosition !== true,
      });
      expect([await runs.run(), runs.failure]).toEqual([true, undefined]);
      expect(runs.cartridges.length).toBe(4);
      const data = dataOf(runs.cartridges);
      expect(data.subarray(0, bytes).equals(Buffer.from(seededBytes("volumes", bytes)))).toBe(true);
      expect(data.subarray(bytes).every((byte) => byte === 0)).toBe(true);
      expect(data.length).toBe(Math.ceil(bytes / blockBytes) * blockBytes);
      let offset = 0;
      for (const [at, cartridge] of runs.cartridges.entries()) {
        expect(cartridge.files().length).toBe(2);
        expect(cartridge.items.at(-1)?.kind).toBe("filemark");
        const { label, segments } = catalogueOf(cartridge);
        expect(label).toMatchObject({ set, volume: at + 1, offset, last: at === 3, blockBytes });
        const held = Buffer.concat(cartridge.files()[0] ?? []).subarray(0, label.bytes);
        for (const [segment, sha256] of segments.entries()) {
          const part = held.subarray(segment * label.segmentBytes, (segment + 1) * label.segmentBytes);
          expect(new Bun.CryptoHasher("sha256").update(part).digest("hex")).toBe(sha256);
        }
        offset += label.bytes;
      }
    });
  }

  test("where a tape ends does not depend on flushes: behind the first block that reaches the early warning", async () => {
    const drive = { capacityBytes: 600 * kib, earlyWarningBytes: 400 * kib };
    const blocks = (200 * kib) / blockBytes;
    for (const synchronousBytes of [1024, 1024 * kib]) {
      for (let flushEvery = 1; flushEvery <= blocks + 1; flushEvery++) {
        const runs = runsOf({
          drive: { ...drive, synchronousBytes },
          flushEveryBytes: flushEvery * blockBytes,
        });
        expect([flushEvery, await runs.run(), runs.failure]).toEqual([flushEvery, true, undefined]);
        expect([flushEvery, runs.cartridges[0]?.files()[0]?.length]).toEqual([flushEvery, blocks]);
      }
    }
  });

  test.each(["killAtCall", "stopAtCall"] as const)(
    "after a %s near the early warning the tape ends at the block at which it would have ended",
    async (how) => {
      // The state of a volume of which only the catalogue was to be written says so.
      for (const flushEvery of [1, 2, 3, 4, 5]) {
        const options = { bytes: 300_000, flushEveryBytes: flushEvery * blockBytes };
        const sound = runsOf(options);
        expect(await sound.run()).toBe(true);
        for (let call = 20; call < 90; call++) {
          const runs = runsOf(options);
          await runs.run({ [how]: call });
          for (let more = 9; more < 15; more++) await runs.run({ [how]: more });
          expect([flushEvery, call, await runs.run()]).toEqual([flushEvery, call, true]);
          expect([flushEvery, call, contentsOf(runs.cartridges)]).toEqual([
            ...[flushEvery, call, contentsOf(sound.cartridges)],
          ]);
        }
      }
    },
  );

  test("a short count in fixed block mode: the next volume begins with the whole write", async () => {
    const runs = runsOf({
      drive: {
        capacityBytes: 10 * blockBytes + 3000 + 4 * 64 * kib,
        earlyWarningBytes: 0,
        fixedBlockBytes: 1000 * 8,
      },
    });
    expect(await runs.run()).toBe(false);
    const short = runsOf({
      bytes: 200_000,
      drive: { capacityBytes: 200 * kib, earlyWarningBytes: 0, fixedBlockBytes: 2 * kib },
      volumeBytes: 12 * blockBytes,
    });
    expect(await short.run()).toBe(true);
    expect(
      dataOf(short.cartridges)
        .subarray(0, 200_000)
        .equals(Buffer.from(seededBytes("volumes", 200_000))),
    ).toBe(true);
  });

  test("a tape with no room for a catalogue's lines gets the rest of it; with no room for that the run ends in words", async () => {
    const lines = () => Array.from({ length: 4000 }, (_, at) => `{"line":${at},"pad":"${"x".repeat(50)}"}\n`);
    const tight = { capacityBytes: 600 * kib, earlyWarningBytes: 150 * kib };
    const runs = runsOf({ bytes: 600_000, drive: tight, lines });
    expect(await runs.run()).toBe(true);
    const [first] = runs.cartridges;
    expect(Buffer.concat(first?.files()[1] ?? []).toString()).not.toContain('"line":0');
    expect(catalogueOf(first!).label.volume).toBe(1);
    const none = runsOf({ bytes: 600_000, drive: { capacityBytes: 300 * kib, earlyWarningBytes: 0 } });
    expect(await none.run()).toBe(false);
    expect(none.failure).toMatchObject({
      code: "medium",
      message: expect.stringContaining("no room for it"),
    });
    expect((none.failure as AceError).hint).toEqual({ kind: "smaller-volumes" });
    const sized = runsOf({
      bytes: 600_000,
      drive: { capacityBytes: 300 * kib, earlyWarningBytes: 0 },
      volumeBytes: 20 * blockBytes,
    });
    expect(await sized.run()).toBe(true);
  });

  test("a cartridge of this set that is brought once more is refused, and another one is asked for", async () => {
    const runs = runsOf({ bytes: 500_000 });
    expect(await runs.run({ bringsOldTape: true })).toBe(true);
    expect(runs.changes).toBe(runs.cartridges.length);
    const sound = runsOf({ bytes: 500_000 });
    await sound.run();
    expect(contentsOf(runs.cartridges)).toEqual(contentsOf(sound.cartridges));
  });

  test("a drive that swallows blocks is found out at the next flush, and the run stops", async () => {
    const runs = runsOf({
      drive: { capacityBytes: 20 * blockBytes, earlyWarningBytes: 0, swallowsWhenFull: true },
    });
    expect(await runs.run()).toBe(false);
    expect(runs.failure).toMatchObject({ message: expect.stringContaining("Cannot trust tape") });
  });

  test("one flipped bit is found by reading back", async () => {
    const runs = runsOf({ bytes: 100_000, verify: true });
    const stop = flipBlock(3);
    try {
      expect(await runs.run()).toBe(false);
    } finally {
      stop();
    }
    expect(runs.failure).toMatchObject({
      code: "digest",
      message: expect.stringContaining("bytes 20480 to 40960"),
    });
  });
});

/** Flips a bit of the n-th block that any cartridge takes, until it is told to stop. */
function flipBlock(block: number): () => void {
  const { put } = Cartridge.prototype;
  let count = 0;
  Cartridge.prototype.put = function (position, item) {
    if (item.kind === "block" && count++ === block) item.bytes[0] = (item.bytes[0] ?? 0) ^ 4;
    put.call(this, position, item);
  };
  return () => {
    Cartridge.prototype.put = put;
  };
}

/** A generator that is the same for the same seed (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below;
  };
}

function troubleOf(random: (below: number) => number): Trouble {
  const kind = Math.floor(random(5));
  const call = 1 + Math.floor(random(120));
  if (kind === 0) return { killAtCall: call };
  if (kind === 1) return { killAtCall: call, powerLoss: random(1) };
  if (kind === 2) return { failure: { call } };
  if (kind === 3) return { failure: { call, rewinds: true } };
  return { bringsOldTape: true, killAtCall: 40 + call };
}

describe("1,000 sets with kills, power failures, errors and resets at random calls", () => {
  const perTest = 50;
  for (let begin = 0; begin < 1000; begin += perTest) {
    test(`seeds ${begin} to ${begin + perTest - 1}: the tapes are those of a run that nothing interrupted`, async () => {
      // Of what the test is about something must have happened.
      const happened = { interrupted: 0, resumed: 0, changed: 0 };
      for (let seed = begin; seed < begin + perTest; seed++) {
        const random = randomOf(seed);
        const options = {
          seed: `seed ${seed}`,
          bytes: 1 + Math.floor(random(900_000)),
          flushEveryBytes: blockBytes * (1 + Math.floor(random(12))),
          drive: {
            capacityBytes: 600 * kib,
            earlyWarningBytes: (200 + Math.floor(random(250))) * kib,
            fixedBlockBytes: [0, 0, blockBytes, blockBytes / 4][Math.floor(random(4))] ?? 0,
            storesWhenFull: random(4) < 1,
            // Every fourth driver writes behind its caller's back.
            synchronousBytes: random(4) < 1 ? 1024 : 1024 * kib,
          },
        };
        const sound = runsOf(options);
        expect([seed, await sound.run(), sound.failure]).toEqual([seed, true, undefined]);
        const runs = runsOf(options);
        let isWhole = false;
        for (let attempt = 0; attempt < 4 && !isWhole; attempt++) {
          if (runs.state !== undefined && !runs.state.whole) happened.resumed++;
          isWhole = await runs.run(troubleOf(random));
          if (!isWhole) happened.interrupted++;
        }
        happened.changed += runs.changes;
        for (let attempt = 0; attempt < 2 && !isWhole; attempt++) isWhole = await runs.run();
        expect([seed, isWhole, runs.failure instanceof Error ? runs.failure.message : ""]).toEqual([
          ...[seed, true, runs.failure instanceof Error ? runs.failure.message : ""],
        ]);
        expect([seed, contentsOf(runs.cartridges)]).toEqual([seed, contentsOf(sound.cartridges)]);
      }
      expect(happened.interrupted).toBeGreaterThan(perTest / 2);
      expect(happened.resumed).toBeGreaterThan(perTest / 5);
      expect(happened.changed).toBeGreaterThan(perTest / 2);
    });
  }
});
