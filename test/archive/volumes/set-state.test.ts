/** Where a set stands: where on its volumes a byte is, from where the next run goes on, how full the tape is, which volume is wanted. */
import { expect, test } from "bun:test";
import { parseToken } from "../../../src/archive/volumes/resume-token.ts";
import { SetState } from "../../../src/archive/volumes/set-state.ts";

const progress = {
  ...{ set: "0123456789abcdef", blockBytes: 1000, segmentBytes: 10_000, segments: [], open: "" },
  ...{ file: 0, tapeBlockBytes: 1000, isAtEnd: false, at: 0 },
};
const stateOf = () => new SetState((offset) => ({ plain: 2 * offset, packed: offset }));

test("an offset is in the volume, and in the block, of the byte in front of it", () => {
  const state = stateOf();
  expect(state.positionOf(1)).toBeUndefined();
  state.durable({ ...progress, volume: 1, offset: 0, block: 7 });
  state.durable({ ...progress, volume: 2, offset: 5000, block: 0 });
  expect([1, 1000, 1001, 5000, 5001].map((offset) => state.positionOf(offset))).toEqual([
    { volume: 1, file: 0, block: 7 },
    { volume: 1, file: 0, block: 7 },
    { volume: 1, file: 0, block: 8 },
    { volume: 1, file: 0, block: 11 },
    { volume: 2, file: 0, block: 0 },
  ]);
});

test("in fixed block mode a write is several blocks", () => {
  const state = stateOf();
  state.durable({ ...progress, volume: 1, offset: 0, block: 3, tapeBlockBytes: 250 });
  expect([250, 251, 1000, 1001].map((offset) => state.positionOf(offset)?.block)).toEqual([3, 4, 6, 7]);
});

test("a drive that tells no position, and files, have no blocks", () => {
  const state = stateOf();
  state.durable({ ...progress, volume: 3, offset: 0, block: undefined, file: undefined });
  expect(state.positionOf(10)).toEqual({ volume: 3, file: undefined, block: undefined });
});

test("the next run goes on where the last whole block ends, and behind a volume that has its catalogue", () => {
  const state = stateOf();
  const volume = { ...progress, volume: 2, offset: 4000, block: 7, segments: ["aa"], open: "bb" };
  state.opened({ ...volume, at: 4000 });
  expect(state.point).toBeUndefined();
  state.durable({ ...volume, at: 6000 });
  const point = { volume: { ...volume, at: 6000 }, whole: false, last: false };
  expect(state.point).toEqual({ ...point, frame: { plain: 12_000, packed: 6000 } });
  // A last block that was filled up.
  state.durable({ ...volume, at: 6500 });
  expect(state.point?.volume.at).toBe(6000);
  state.wholeVolume({
    ...{ set: volume.set, name: "sync", volume: 2, offset: 4000, bytes: 2500, last: true },
    ...{ blockBytes: 1000, segmentBytes: 10_000 },
  });
  expect(state.point).toEqual({
    ...{ volume: { ...volume, at: 6500, segments: [], open: "" }, whole: true, last: true },
    frame: { plain: 13_000, packed: 6500 },
  });
  expect(state.closed).toBe(1);
});

test("what is written of a tape counts from its beginning on; of one that nobody knows the size of there is no part", () => {
  const state = stateOf();
  expect(state.figures(5)).toEqual({ volume: undefined, used: undefined });
  state.opened({ ...progress, volume: 1, offset: 0, block: 10, nativeBytes: 40_000 });
  expect(state.figures(10_000)).toEqual({ volume: 1, used: 0.5 });
  state.opened({ ...progress, volume: 2, offset: 10_000, block: 0 });
  expect(state.figures(11_000)).toEqual({ volume: 2, used: undefined });
});

test("a volume that is asked for, and not the first one, is what the token names until it comes", () => {
  const state = stateOf();
  const wanted = { set: progress.set, volume: 1, offset: 0 };
  state.wanted(wanted);
  expect(state.token).toBeUndefined();
  state.wanted({ ...wanted, volume: 2, offset: 3000 });
  expect(parseToken(state.token ?? "", "--resume-volume")).toMatchObject({
    ...{ volume: 2, offset: 3000, frame: { plain: 6000, packed: 3000 } },
  });
  state.opened({ ...progress, volume: 2, offset: 3000, block: 0 });
  expect(state.token).toBeUndefined();
});
