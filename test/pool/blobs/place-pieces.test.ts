/** A blob's pieces out of a file or a window: all of it, in order, and an early end is an error. */
import { describe, expect, test } from "bun:test";
import { filePieces, windowPieces } from "../../../src/pool/blobs/place-pieces.ts";
import type { FilePlace } from "../../../src/pool/jobs.ts";
import { IncomingWindow } from "../../../src/tape/window/incoming-window.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { tempDir } from "../../support/temp-dir.ts";

const bytes = seededBytes("place", 1_000_003);

const placeIn = (path: string): FilePlace => ({ kind: "file", path, offset: 0 });

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const piece of pieces) copies.push(Buffer.from(piece));
  return Buffer.concat(copies);
}

describe("filePieces()", () => {
  test("gives any part of a file", async () => {
    await using dir = await tempDir();
    await Bun.write(dir.file("a"), bytes);
    for (const [start, end] of [
      [0, bytes.length],
      [1, 2],
      [5, 600_000],
      [7, 7],
    ] as const) {
      expect(
        (await joined(filePieces(placeIn(dir.file("a")), start, end))).equals(
          Buffer.from(bytes.subarray(start, end)),
        ),
      ).toBe(true);
    }
  });

  test("gives any part of what lies in several files", async () => {
    await using dir = await tempDir();
    const cuts = [0, 300, 300, 600_000, 600_001, 1_000_000];
    const stretches = cuts.slice(1).map((end, at) => {
      const offset = cuts[at]!;
      return { path: dir.file(`part-${at}`), offset: at * 7, bytes: end - offset };
    });
    for (const [at, { path, offset, bytes: length }] of stretches.entries()) {
      const body = bytes.subarray(cuts[at]!, cuts[at]! + length);
      await Bun.write(path, Buffer.concat([seededBytes("before", offset), body, Buffer.from("behind")]));
    }
    const place: FilePlace = { kind: "files", archive: "a", offset: 12, stretches };
    for (const [start, end] of [
      [0, 1_000_000],
      [299, 301],
      [300, 600_000],
      [599_999, 600_002],
      [5, 5],
    ] as const) {
      const expected = Buffer.from(bytes.subarray(start, end));
      expect((await joined(filePieces(place, start, end))).equals(expected)).toBe(true);
    }
  });

  test("keeps a piece good until the second one after it is asked for", async () => {
    await using dir = await tempDir();
    await Bun.write(dir.file("a"), bytes);
    const pieces = filePieces(placeIn(dir.file("a")), 0, bytes.length);
    const first = (await pieces.next()).value ?? new Uint8Array();
    const copy = Buffer.from(first);
    await pieces.next();
    expect(Buffer.from(first).equals(copy)).toBe(true);
    await pieces.return();
  });

  test("says where a file ends early, and that one cannot be read", async () => {
    await using dir = await tempDir();
    await Bun.write(dir.file("a"), bytes.subarray(0, 500));
    await expect(joined(filePieces(placeIn(dir.file("a")), 10, 600))).rejects.toMatchObject({
      code: "archive",
    });
    await expect(joined(filePieces(placeIn(dir.file("a")), 10, 600))).rejects.toThrow("byte 500");
    await expect(joined(filePieces(placeIn(dir.file("none")), 0, 1))).rejects.toMatchObject({
      code: "medium",
    });
  });
});

describe("windowPieces()", () => {
  test("gives bytes as they arrive, around the window's edge", async () => {
    const window = IncomingWindow.create(300_000);
    window.append(0, 1_000_003);
    const reading = joined(
      (async function* () {
        let position = 100;
        for await (const piece of windowPieces(window, 100, 1_000_003)) {
          yield piece;
          position += piece.length;
          window.release(0, position);
        }
      })(),
    );
    while (window.arrived < bytes.length) {
      const { arrived } = window;
      window.arrive(bytes.subarray(arrived, arrived + Math.min(window.room(), 70_001)));
      await Bun.sleep(1);
    }
    window.setEnd(bytes.length);
    expect((await reading).equals(Buffer.from(bytes.subarray(100)))).toBe(true);
  });

  test("says where the archive ends early", async () => {
    const window = IncomingWindow.create(100_000);
    window.append(0, 1000);
    window.arrive(new Uint8Array(600));
    window.setEnd(600);
    await expect(joined(windowPieces(window, 0, 1000))).rejects.toThrow("ends at byte 600");
  });

  test("stops with the window", async () => {
    const window = IncomingWindow.create(100_000);
    window.append(0, 1000);
    const reading = joined(windowPieces(window, 0, 1000));
    window.abort();
    await expect(reading).rejects.toMatchObject({ code: "stopped" });
  });
});
