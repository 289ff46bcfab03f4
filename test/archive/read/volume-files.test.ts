/** A set of volumes is found by its name or its first volume, and what is wrong with it is named before anything is read. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { findVolumes } from "../../../src/archive/read/volume-files.ts";
import { AceError } from "../../../src/errors.ts";
import { seededBytes, tarOf } from "../../support/seeded-bytes.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { cutVolumes, relabel } from "../../support/volumes.ts";

let dir: TempDir;
let archive: string;
beforeEach(async () => {
  dir = await tempDir("ace-dt-volumes-");
  archive = dir.file("archive.tar");
});
afterEach(() => dir[Symbol.asyncDispose]());

const bytes = seededBytes("volumes", 5000);
const cuts = [1000, 2000, 4500];
const volume = (number: number) => `${archive}.00${number}`;
const catalogue = (number: number) => `${volume(number)}.catalogue`;

/** What the error says: code, message, details. */
function errorOf(path = archive): { code: string; text: string } {
  try {
    findVolumes(path);
  } catch (error) {
    if (error instanceof AceError)
      return { code: error.code, text: [error.message, ...error.details].join("\n") };
    throw error;
  }
  return { code: "none", text: "" };
}

describe("findVolumes()", () => {
  test.each([true, false])(
    "finds a set by its name and by its first volume (without catalogues: %p)",
    (bare) => {
      cutVolumes(archive, bytes, { cuts, bare });
      for (const name of [archive, volume(1)]) {
        const found = findVolumes(name);
        expect(found).toMatchObject({ name: archive, isWhole: !bare });
        expect(
          found!.volumes.map(({ number, path, offset, bytes }) => [number, path, offset, bytes]),
        ).toEqual([
          [1, volume(1), 0, 1000],
          [2, volume(2), 1000, 1000],
          [3, volume(3), 2000, 2500],
          [4, volume(4), 4500, 500],
        ]);
      }
    },
  );

  test("takes four digits from the thousandth volume on", () => {
    cutVolumes(archive, bytes, { cuts: Array.from({ length: 1001 }, (_, at) => at + 1) });
    expect(findVolumes(archive)!.volumes.at(-1)).toMatchObject({ path: `${archive}.1002`, offset: 1001 });
  });

  test("leaves alone what is no set", () => {
    expect(findVolumes("-")).toBeUndefined();
    expect(findVolumes(archive)).toBeUndefined();
    expect(findVolumes(dir.path)).toBeUndefined();
    expect(findVolumes("/no/such/directory/archive.tar")).toBeUndefined();
    writeFileSync(archive, bytes);
    writeFileSync(volume(2), bytes);
    expect(findVolumes(archive)).toBeUndefined();
    writeFileSync(`${archive}.2024`, bytes);
    rmSync(volume(2));
    for (const other of [".2024", ".1", ".0001", ".000"]) {
      writeFileSync(`${archive}${other}`, bytes);
      expect(findVolumes(`${archive}${other}`)).toBeUndefined();
    }
  });

  test("leaves alone a file that ends in .001 and has no other beside it; with a catalogue it is a set of one", () => {
    cutVolumes(archive, bytes, { cuts: [], bare: true });
    expect(findVolumes(volume(1))).toBeUndefined();
    cutVolumes(archive, bytes, { cuts: [] });
    expect(findVolumes(volume(1))).toMatchObject({ name: archive, isWhole: true });
  });

  test("leaves alone archives that somebody numbered", () => {
    for (const number of [1, 2])
      writeFileSync(volume(number), tarOf([{ name: "oci-layout", bytes: Buffer.from(`${number}`) }]));
    for (const number of [1, 2]) expect(findVolumes(volume(number))).toBeUndefined();
    expect(errorOf(archive).text).toContain("archive.tar.002 begins as an archive does");
  });

  test("says of another volume which one to name", () => {
    cutVolumes(archive, bytes, { cuts });
    expect(errorOf(volume(2))).toEqual({
      code: "usage",
      text: `Cannot read ${volume(2)}: it is volume 2 of set 0123456789abcdef (sync-45)`,
    });
    for (const number of [1, 2, 3, 4]) rmSync(catalogue(number));
    expect(errorOf(volume(3)).text).toBe(`Cannot read ${volume(3)}: it is volume 3 of archive.tar`);
  });

  test("names all that are missing at once", () => {
    cutVolumes(archive, bytes, { cuts: [...cuts, 4600, 4700, 4800] });
    for (const number of [1, 3, 4, 5]) {
      rmSync(volume(number));
      rmSync(catalogue(number));
    }
    const wanted = "archive.tar.001, archive.tar.003 to archive.tar.005 are missing";
    expect(errorOf()).toEqual({ code: "archive", text: `Cannot read ${archive}: ${wanted}` });
    expect(errorOf(volume(1)).text).toContain(wanted);
    rmSync(volume(7));
    expect(errorOf().text).toEndWith("archive.tar.005, archive.tar.007 are missing");
  });

  test("knows that the end is missing", () => {
    cutVolumes(archive, bytes, { cuts });
    rmSync(volume(4));
    rmSync(catalogue(4));
    expect(errorOf().text).toEndWith("archive.tar.004 and what follows it are missing");
    cutVolumes(archive, bytes, { cuts });
    rmSync(catalogue(4));
    expect(findVolumes(archive)).toMatchObject({ isWhole: false });
    writeFileSync(catalogue(4), '{"aceDtCatalogue":1,"set":"01');
    expect(errorOf().text).toContain("the catalogue of archive.tar.004: ");
    writeFileSync(catalogue(4), "");
    expect(findVolumes(archive)!.volumes.at(-1)).toMatchObject({
      label: undefined,
      offset: 4500,
      bytes: 500,
    });
  });

  test("knows where a gap is without catalogues", () => {
    cutVolumes(archive, bytes, { cuts, bare: true });
    rmSync(volume(3));
    expect(errorOf().text).toEndWith("archive.tar.003 is missing");
  });

  test("names a volume that is another one, or of another set", () => {
    cutVolumes(archive, bytes, { cuts });
    copyFileSync(volume(1), volume(2));
    copyFileSync(catalogue(1), catalogue(2));
    expect(errorOf()).toEqual({
      code: "archive",
      text: `Cannot read ${archive}: archive.tar.002 is volume 1 of set 0123456789abcdef (sync-45), and volume 2 is wanted`,
    });
    cutVolumes(archive, bytes, { cuts });
    relabel(volume(1), { set: "f".repeat(16), name: "sync-44" });
    expect(errorOf().text).toEndWith(
      "archive.tar.001 is volume 1 of set ffffffffffffffff (sync-44), and volume 1 of set 0123456789abcdef (sync-45) is wanted",
    );
  });

  test("does not take for the end a volume in a wrong place that is its set's last", () => {
    cutVolumes(archive, bytes, { cuts });
    copyFileSync(volume(4), volume(2));
    copyFileSync(catalogue(4), catalogue(2));
    expect(errorOf().text).toEndWith(
      "archive.tar.002 is volume 4 of set 0123456789abcdef (sync-45), and volume 2 is wanted",
    );
  });

  test("passes over what a longer archive left behind the end", () => {
    cutVolumes(archive, bytes, { cuts, set: "f".repeat(16) });
    cutVolumes(archive, bytes, { cuts: [2500] });
    expect(findVolumes(archive)!.volumes).toHaveLength(2);
  });

  test.each([
    [900, "has 900 bytes, and 1000 by its catalogue: it is cut"],
    [1100, "has 1100 bytes, and 1000 by its catalogue: something follows its end"],
  ])("names a volume of %d bytes", (length, state) => {
    cutVolumes(archive, bytes, { cuts });
    truncateSync(volume(2), length);
    expect(errorOf()).toEqual({ code: "archive", text: `Cannot read ${archive}: archive.tar.002 ${state}` });
  });

  test("finds by the next catalogue that a volume without one is cut", () => {
    cutVolumes(archive, bytes, { cuts });
    rmSync(catalogue(2));
    expect(findVolumes(archive)!.volumes[1]).toMatchObject({ offset: 1000, bytes: 1000, label: undefined });
    truncateSync(volume(2), 900);
    expect(errorOf().text).toEndWith(
      "archive.tar.003 begins at byte 2000 of the archive by its catalogue, and what comes before it ends at byte 1900",
    );
  });

  test("names everything that is wrong", () => {
    cutVolumes(archive, bytes, { cuts });
    truncateSync(volume(1), 999);
    rmSync(volume(2));
    writeFileSync(catalogue(3), "no catalogue\n");
    relabel(volume(4), { offset: 4000 });
    const { code, text } = errorOf();
    expect({ code, lines: text.split("\n") }).toEqual({
      code: "archive",
      lines: [
        `Cannot read ${archive}: 4 things are wrong with its volumes`,
        "the catalogue of archive.tar.003: it does not begin as one",
        "archive.tar.001 has 999 bytes, and 1000 by its catalogue: it is cut",
        "archive.tar.004 begins at byte 4000 of the archive by its catalogue, and what comes before it ends at byte 4500",
        "archive.tar.002 is missing",
      ],
    });
  });

  test("says which file cannot be read", () => {
    cutVolumes(archive, bytes, { cuts, bare: true });
    rmSync(volume(3));
    mkdirSync(volume(3));
    expect(errorOf()).toEqual({
      code: "medium",
      text: `Cannot read ${archive}: ${volume(3)}: it is no regular file`,
    });
    if (process.getuid?.() === 0) return;
    chmodSync(volume(2), 0);
    expect(errorOf().text).toContain(`${volume(2)}: permission denied`);
  });
});
