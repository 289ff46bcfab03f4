import { expect, test } from "bun:test";
import { formatSummary } from "../../src/ui/summary.ts";

const nothing = {
  verb: "gather",
  images: 0,
  blobs: 0,
  bytesMoved: 0,
  blobsSkipped: 0,
  bytesSkipped: 0,
  blobsMounted: 0,
  bytesMounted: 0,
  seconds: 0,
};

test("formatSummary() says all in one line", () => {
  const summary = { ...nothing, images: 4, blobs: 21, bytesMoved: 123_400_000, seconds: 10 };
  expect(formatSummary(summary)).toBe("gather: 4 images, 21 blobs, 123 MB moved, 10.0 s, 12.3 MB/s");
  expect(
    formatSummary({ ...summary, blobsSkipped: 3, bytesSkipped: 1500, blobsMounted: 1, bytesMounted: 99 }),
  ).toBe(
    "gather: 4 images, 21 blobs, 123 MB moved, 3 blobs skipped (1.50 kB), 1 blob mounted (99 B), 10.0 s, 12.3 MB/s",
  );
});

test("formatSummary() of a run that did nothing in no time has no rate", () => {
  expect(formatSummary({ ...nothing, images: 1 })).toBe("gather: 1 image, 0 blobs, 0 B moved, 0.0 s");
});
