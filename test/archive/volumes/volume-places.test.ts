/** Where on its volumes a byte of an archive is. */
import { expect, test } from "bun:test";
import { VolumePlaces } from "../../../src/archive/volumes/volume-places.ts";

const progress = {
  ...{ set: "0123456789abcdef", blockBytes: 1000, segmentBytes: 10_000, segments: [], open: "" },
  ...{ file: 0, tapeBlockBytes: 1000, isAtEnd: false },
};

test("an offset is in the volume, and in the block, of the byte in front of it", () => {
  const places = new VolumePlaces();
  expect(places.placeOf(1)).toBeUndefined();
  places.add({ ...progress, volume: 1, offset: 0, block: 7 });
  places.add({ ...progress, volume: 2, offset: 5000, block: 0 });
  expect([1, 1000, 1001, 5000, 5001].map((offset) => places.placeOf(offset))).toEqual([
    { volume: 1, file: 0, block: 7 },
    { volume: 1, file: 0, block: 7 },
    { volume: 1, file: 0, block: 8 },
    { volume: 1, file: 0, block: 11 },
    { volume: 2, file: 0, block: 0 },
  ]);
});

test("in fixed block mode a write is several blocks", () => {
  const places = new VolumePlaces();
  places.add({ ...progress, volume: 1, offset: 0, block: 3, tapeBlockBytes: 250 });
  expect([250, 251, 1000, 1001].map((offset) => places.placeOf(offset)?.block)).toEqual([3, 4, 6, 7]);
});

test("a drive that tells no position, and files, have no blocks", () => {
  const places = new VolumePlaces();
  places.add({ ...progress, volume: 3, offset: 0, block: undefined, file: undefined });
  expect(places.placeOf(10)).toEqual({ volume: 3, file: undefined, block: undefined });
});
