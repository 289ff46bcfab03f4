/** What is kept beside a checkpoint of where a set stands: `CHECKPOINT.volumes`. */
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { readState, statePath, writeState } from "../../../src/archive/volumes/state-file.ts";
import { tempDir } from "../../support/temp-dir.ts";

const volume = {
  ...{ set: "0123456789abcdef", volume: 2, offset: 4000, at: 6000, blockBytes: 1000, segmentBytes: 10_000 },
  ...{ file: 0, block: 7, segments: ["aa"], open: "bb", isAtEnd: false },
};
const frame = { plain: 9000, packed: 6000 };

test("what is written is read, and replaces what was there", async () => {
  await using dir = await tempDir();
  const checkpoint = dir.file("cp");
  expect(readState(checkpoint)).toBeUndefined();
  const first = { volume, whole: false, last: false, frame };
  const second = { ...first, volume: { ...volume, file: undefined, block: undefined, isAtEnd: true } };
  await writeState(checkpoint, first);
  expect(readState(checkpoint)).toEqual(first);
  await writeState(checkpoint, second);
  expect(readState(checkpoint)).toEqual(second);
});

test("the file is as earlier versions wrote and read it, but for a tape that came to its end", async () => {
  await using dir = await tempDir();
  const checkpoint = dir.file("cp");
  const text = (rest: string) =>
    `{"aceDtVolumes":1,"set":"0123456789abcdef","volume":2,"offset":4000,"at":6000,"whole":false,"last":false,"frame":{"plain":9000,"packed":6000},"blockBytes":1000,"segmentBytes":10000,"file":0,"block":7,"segments":["aa"],"open":"bb"${rest}}\n`;
  await writeState(checkpoint, { volume, whole: false, last: false, frame });
  expect(readFileSync(statePath(checkpoint), "utf8")).toBe(text(""));
  await writeState(checkpoint, { volume: { ...volume, isAtEnd: true }, whole: false, last: false, frame });
  expect(readFileSync(statePath(checkpoint), "utf8")).toBe(text(',"atEnd":true'));
});

test.each(["", "{", '{"aceDtVolumes":2}', '{"aceDtVolumes":1,"set":"x"}'])(
  "%p is refused by name",
  async (text) => {
    await using dir = await tempDir();
    writeFileSync(statePath(dir.file("cp")), text);
    expect(() => readState(dir.file("cp"))).toThrow(`Cannot read ${dir.file("cp")}.volumes: `);
  },
);
