/** What is kept beside a checkpoint of how far volumes are. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import {
  readVolumeState,
  stateAfter,
  statePath,
  writeVolumeState,
} from "../../../src/archive/volumes/volume-state.ts";
import { tempDir } from "../../support/temp-dir.ts";

const progress = {
  ...{ set: "0123456789abcdef", volume: 2, offset: 4000, blockBytes: 1000, segmentBytes: 10_000 },
  ...{ file: 0, block: 7, tapeBlockBytes: 1000, segments: ["aa"], open: "bb", isAtEnd: false },
};
const frame = { plain: 9000, packed: 6000 };

test("what is written is read, and replaces what was there", async () => {
  await using dir = await tempDir();
  const checkpoint = dir.file("cp");
  expect(readVolumeState(checkpoint)).toBeUndefined();
  const first = stateAfter(6000, progress, frame);
  const second = stateAfter(7000, { ...progress, file: undefined, block: undefined }, frame);
  await writeVolumeState(checkpoint, first!);
  expect(readVolumeState(checkpoint)).toEqual(first);
  expect(first).toMatchObject({
    volume: 2,
    at: 6000,
    whole: false,
    last: false,
    block: 7,
    open: "bb",
    frame,
  });
  await writeVolumeState(checkpoint, second!);
  expect(readVolumeState(checkpoint)).toEqual(second);
});

test("inside of a block nothing can be gone on with", () => {
  expect(stateAfter(6500, progress, frame)).toBeUndefined();
});

test.each(["", "{", '{"aceDtVolumes":2}', '{"aceDtVolumes":1,"set":"x"}'])(
  "%p is refused by name",
  async (text) => {
    await using dir = await tempDir();
    writeFileSync(statePath(dir.file("cp")), text);
    expect(() => readVolumeState(dir.file("cp"))).toThrow(`Cannot read ${dir.file("cp")}.volumes: `);
  },
);
