/** --resume inside of a blob: wherever a run was cut, what the medium has is not fetched twice, and the archive comes out the same. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cataloguePath, volumePath } from "../../src/tape/catalogue/volume-names.ts";
import { pushArtifact } from "../support/push.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { tempDir } from "../support/temp-dir.ts";
import { readLedgerLines, walkTar } from "./archive-facts.ts";
import { openWorld, plainImage, type World } from "./world.ts";

setDefaultTimeout(120_000);

const kib = 1024;
const mib = kib * kib;
const frameBytes = 4 * mib;
const windowBytes = 8 * mib;
const image = plainImage("resume/inside", [700 * kib, 9 * mib, 1, 5 * mib]);

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await pushArtifact(world.low.origin, "app", image, "v1");
});
afterAll(() => world[Symbol.asyncDispose]());

const serialize = (file: string, more: readonly string[]) =>
  world.run(["mirror", "serialize", "low.test/app:v1", file, "-m", String(windowBytes), ...more]);

/** Bytes of blobs that the registry was asked for since a moment. */
function askedSince(since: number): number {
  let sum = 0;
  for (const { path, method, headers } of world.lowProxy.requests.slice(since)) {
    const digest = /\/blobs\/(sha256:[0-9a-f]{64})$/.exec(path)?.[1];
    const blob = image.blobs.find(({ descriptor }) => descriptor.digest === digest);
    if (method !== "GET" || blob === undefined) continue;
    const last = blob.descriptor.size - 1;
    const [, start = "0", end = String(last)] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    sum += Number(end) + 1 - Number(start);
  }
  return sum;
}

/** Files of an archive, in order: one, or its volumes. */
function filesOf(archive: string): string[] {
  if (existsSync(archive)) return [archive];
  const paths: string[] = [];
  for (let volume = 1; existsSync(volumePath(archive, volume)); volume++)
    paths.push(volumePath(archive, volume));
  return paths;
}

const bytesOf = (archive: string) => Buffer.concat(filesOf(archive).map((path) => readFileSync(path)));

/** Leaves of an archive what a kill leaves when it comes behind a byte. */
function cut(archive: string, at: number): void {
  let start = 0;
  for (const path of filesOf(archive)) {
    const bytes = readFileSync(path);
    const end = start + bytes.length;
    if (end >= at) rmSync(cataloguePath(path), { force: true });
    if (start >= at) rmSync(path);
    else if (end > at) writeFileSync(path, bytes.subarray(0, at - start));
    start = end;
  }
}

/** Leaves of a checkpoint the lines of what is on the medium by then. */
function cutLedger(path: string, at: number): void {
  const text = readFileSync(path, "utf8").split("\n");
  const lines = readLedgerLines(path).filter(({ offset }) => offset <= at).length;
  writeFileSync(
    path,
    text
      .slice(0, lines)
      .map((line) => `${line}\n`)
      .join(""),
  );
}

const kinds = [
  { name: "a tar", flags: [], again: 0 },
  { name: "volumes", flags: ["--volume-size", String(3 * mib)], again: 0 },
  // A frame that was cut, and the part of the one before it that a cut blob begins in.
  { name: "a tar in zstd", flags: ["--compression", "zstd"], again: frameBytes },
  { name: "a tar in gzip", flags: ["--compression", "gzip"], again: frameBytes },
];

describe("--resume inside of a blob", () => {
  for (const { name, flags, again } of kinds) {
    for (const withCheckpoint of [false, true]) {
      test(`${name}${withCheckpoint ? " with a checkpoint" : ""}, cut anywhere, is gone on with there`, async () => {
        await using dir = await tempDir();
        const args = [...flags, ...(withCheckpoint ? ["--checkpoint", dir.file("ledger")] : [])];
        expect(await serialize(dir.file("out"), args)).toMatchObject({ code: 0 });
        const whole = bytesOf(dir.file("out"));
        const ledger = withCheckpoint ? readFileSync(dir.file("ledger")) : undefined;
        const random = Buffer.from(seededBytes(`cuts/${name}/${withCheckpoint}`, 4 * 5));
        for (let round = 0; round < 5; round++) {
          const at = Math.floor((random.readUInt32BE(4 * round) / 2 ** 32) * whole.length);
          cut(dir.file("out"), at);
          if (withCheckpoint) cutLedger(dir.file("ledger"), at);
          const since = world.lowProxy.requests.length;
          const { code, stderr } = await serialize(dir.file("out"), [...args, "--resume"]);
          expect({ at, code, stderr }).toMatchObject({ code: 0 });
          expect(bytesOf(dir.file("out")).equals(whole)).toBe(true);
          if (ledger !== undefined) expect(readFileSync(dir.file("ledger")).equals(ledger)).toBe(true);
          // The blobs hardly shrink, so that what is missing of the file is what is missing of them.
          expect(askedSince(since)).toBeLessThanOrEqual(whole.length - at + again);
        }
      });
    }
  }

  test("a part that a power cut left wrong is found out by the digest: the blob comes again, whole", async () => {
    for (const flags of [[], ["--volume-size", String(3 * mib)]]) {
      await using dir = await tempDir();
      const args = [...flags, "--checkpoint", dir.file("ledger")];
      expect(await serialize(dir.file("out"), args)).toMatchObject({ code: 0 });
      const whole = bytesOf(dir.file("out"));
      const ledger = readFileSync(dir.file("ledger"));
      const digest = image.blobs[2]!.descriptor.digest;
      const { bodyOffset } = walkTar(whole).entries.find(({ name }) => name.endsWith(digest.slice(7)))!;
      cut(dir.file("out"), bodyOffset + 4 * mib);
      cutLedger(dir.file("ledger"), bodyOffset);
      const [path = ""] = filesOf(dir.file("out"));
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.fill(0, bodyOffset + 64 * kib, bodyOffset + 68 * kib));
      const { code, stderr } = await serialize(dir.file("out"), [...args, "--resume"]);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stderr).toContain(`the ${4 * mib} bytes that an earlier run left of it`);
      expect(stderr).toContain("it is fetched again, whole");
      expect(bytesOf(dir.file("out")).equals(whole)).toBe(true);
      expect(readFileSync(dir.file("ledger")).equals(ledger)).toBe(true);
    }
  });

  test("a registry that knows no ranges sends the blob from its start, and only the rest is written", async () => {
    await using dir = await tempDir();
    expect(await serialize(dir.file("out"), [])).toMatchObject({ code: 0 });
    const whole = bytesOf(dir.file("out"));
    for (const index of [1, 2]) {
      const { digest, size } = image.blobs[index]!.descriptor;
      const { bodyOffset } = walkTar(whole).entries.find(({ name }) => name.endsWith(digest.slice(7)))!;
      const at = bodyOffset + Math.floor(size / 2);
      cut(dir.file("out"), at);
      world.lowProxy.setRules([{ path: /\/blobs\//, ignoreRange: true }]);
      const { code, stderr } = await serialize(dir.file("out"), ["--resume"]);
      world.lowProxy.setRules([]);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stderr).toContain(`went on in ${dir.file("out")} at byte ${at}:`);
      expect(bytesOf(dir.file("out")).equals(whole)).toBe(true);
    }
  });

  test("a blob that is wrong at the registry ends the run as ever, after it came whole", async () => {
    await using dir = await tempDir();
    expect(await serialize(dir.file("out"), [])).toMatchObject({ code: 0 });
    const whole = bytesOf(dir.file("out"));
    const { digest } = image.blobs[2]!.descriptor;
    const { bodyOffset } = walkTar(whole).entries.find(({ name }) => name.endsWith(digest.slice(7)))!;
    cut(dir.file("out"), bodyOffset + 8 * mib);
    world.lowProxy.setRules([{ path: new RegExp(digest), flipByte: 1000 }]);
    const { code, stderr } = await serialize(dir.file("out"), ["--resume"]);
    world.lowProxy.setRules([]);
    expect({ code, stderr }).toMatchObject({ code: 6 });
    expect(stderr).toContain("it is fetched again, whole");
    expect(await serialize(dir.file("out"), ["--resume"])).toMatchObject({ code: 0 });
    expect(bytesOf(dir.file("out")).equals(whole)).toBe(true);
  });
});
