/** A blob that is too large to be held back and turns out wrong at its end: where the medium can be cut back it is fetched again, everywhere else the run says so. */
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { volumePath } from "../../src/tape/catalogue/volume-names.ts";
import { formatBytes } from "../../src/ui/format.ts";
import type { FaultRule } from "../support/fault-proxy.ts";
import { pushArtifact } from "../support/push.ts";
import { runBinary, writeConfig } from "../support/run-binary.ts";
import { tempDir } from "../support/temp-dir.ts";
import { walkTar } from "./archive-facts.ts";
import { openWorld, plainImage, type World } from "./world.ts";

setDefaultTimeout(120_000);

const kib = 1024;
const mib = kib * kib;
// Larger than an eighth of the smallest window in front of the compressors.
const image = plainImage("wrong/at/end", [300 * kib, 9 * mib, 100 * kib, 9 * mib - 1]);
const [, , big, , other] = image.blobs.map(({ descriptor }) => descriptor.digest);

let world: World;
let list: string;
beforeAll(async () => {
  world = await openWorld();
  await pushArtifact(world.low.origin, "app", image, "v1");
  await pushArtifact(world.low.origin, "older", plainImage("older", [12 * mib]), "v1");
  list = world.dir.file("list");
  writeFileSync(list, "low.test/app:v1\n");
});
afterEach(() => world.lowProxy.setRules([]));
afterAll(() => world[Symbol.asyncDispose]());

const serialize = (file: string, ...more: string[]) =>
  world.run(["mirror", "serialize", "low.test/app:v1", file, "-m", "16Mi", ...more]);

/** A byte of a blob's answer is inverted, once or always. */
const flip = (digest: string | undefined, more: Partial<FaultRule> = {}): FaultRule => ({
  ...{ method: "GET", path: new RegExp(`/blobs/${digest}$`), flipByte: 1000 },
  ...more,
});

/** What an archive consists of: a file, or its volumes with their catalogues. */
function bytesOf(archive: string): Buffer {
  if (existsSync(archive)) return readFileSync(archive);
  const volumes: Buffer[] = [];
  for (let number = 1; existsSync(volumePath(archive, number)); number++)
    volumes.push(readFileSync(volumePath(archive, number)));
  return Buffer.concat(volumes);
}

const kinds: [name: string, flags: string[]][] = [
  ["a tar", []],
  ["volumes", ["--volume-size", String(3 * mib)]],
  ["a tar in zstd", ["--compression", "zstd"]],
  ["a tar in gzip", ["--compression", "gzip"]],
];

describe("a flipped byte in a blob that is written while it comes", () => {
  test.each(kinds)("once: %s is cut back, and comes out as undisturbed", async (_, flags) => {
    await using dir = await tempDir();
    const sound = await serialize(dir.file("sound"), ...flags, "--checkpoint", dir.file("sound.ledger"));
    expect(sound).toMatchObject({ code: 0 });
    for (const rules of [
      [flip(big, { times: 1 })],
      [flip(other, { times: 1 })],
      [flip(big, { times: 1 }), flip(other, { times: 1 })],
    ]) {
      for (const withCheckpoint of [false, true]) {
        const more = withCheckpoint ? ["--checkpoint", dir.file("ledger")] : [];
        world.lowProxy.setRules(rules);
        const { code, stderr } = await serialize(dir.file("out"), "--force", ...flags, ...more);
        expect({ code, stderr }).toMatchObject({ code: 0 });
        expect(stderr).toMatch(
          /Cannot use blob sha256:\w+ of low\.test\/app: the registry sent sha256:\w+: it is fetched again, whole/,
        );
        expect(bytesOf(dir.file("out")).equals(bytesOf(dir.file("sound")))).toBe(true);
        if (!withCheckpoint) continue;
        expect(readFileSync(dir.file("ledger"), "utf8")).toBe(readFileSync(dir.file("sound.ledger"), "utf8"));
      }
    }
  });

  test("once: the closing lines count the bytes of the whole archive", async () => {
    await using dir = await tempDir();
    world.lowProxy.setRules([flip(big, { times: 1 })]);
    const { code, stderr, stdout } = await serialize(dir.file("out"));
    const size = bytesOf(dir.file("out")).length;
    expect({ code, stderr, stdout }).toMatchObject({ code: 0 });
    expect(stderr).toContain(`5 blobs, ${formatBytes(size)} moved`);
  });

  test.each(kinds)("always: the run ends with 6, and %s does not look whole", async (_, flags) => {
    await using dir = await tempDir();
    world.lowProxy.setRules([flip(big)]);
    const { code, stderr } = await serialize(dir.file("out"), ...flags, "--checkpoint", dir.file("ledger"));
    expect({ code, stderr }).toMatchObject({ code: 6 });
    expect(stderr.split(": it is fetched again, whole")).toHaveLength(2);
    expect(stderr).toMatch(
      /it has no end marker, so nothing takes it for a whole archive|got nothing that can be used/,
    );
    expect(await world.run(["mirror", "verify", dir.file("out")])).not.toMatchObject({ code: 0 });
    expect(readFileSync(dir.file("ledger"), "utf8")).not.toContain(big ?? "");
    world.lowProxy.setRules([]);
    const again = await serialize(dir.file("out"), ...flags, "--checkpoint", dir.file("ledger"), "--resume");
    expect(again).toMatchObject({ code: 0 });
  });

  test("once, while an archive is gone on with: the blob that was kept and a later one come right", async () => {
    await using dir = await tempDir();
    expect(await serialize(dir.file("out"))).toMatchObject({ code: 0 });
    const whole = bytesOf(dir.file("out"));
    const start = walkTar(whole).entries.find(({ name }) => name.endsWith(big?.slice(7) ?? "-"));
    truncateSync(dir.file("out"), (start?.bodyOffset ?? 0) + 2 * mib);
    world.lowProxy.setRules([flip(big, { times: 1 }), flip(other, { times: 1 })]);
    expect(await serialize(dir.file("out"), "--resume")).toMatchObject({ code: 0 });
    expect(bytesOf(dir.file("out")).equals(whole)).toBe(true);
  });

  test("once, over the volumes of another archive: they are not taken for what was written", async () => {
    await using dir = await tempDir();
    const flags = ["--volume-size", String(3 * mib)];
    expect(await serialize(dir.file("sound"), ...flags)).toMatchObject({ code: 0 });
    const args = ["mirror", "serialize", "low.test/older:v1", dir.file("out"), ...flags];
    expect(await world.run(args)).toMatchObject({ code: 0 });
    world.lowProxy.setRules([flip(big, { times: 1 })]);
    const { code, stderr } = await serialize(dir.file("out"), "--force", ...flags);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain("it is fetched again, whole");
    expect(bytesOf(dir.file("out")).equals(bytesOf(dir.file("sound")))).toBe(true);
  });

  test("once: archive fetches it again, too", async () => {
    await using dir = await tempDir();
    const archive = (name: string) => world.run(["mirror", "archive", list, dir.file(name), "-m", "16Mi"]);
    expect(await archive("sound")).toMatchObject({ code: 0 });
    world.lowProxy.setRules([flip(big, { times: 1 })]);
    expect(await archive("out")).toMatchObject({ code: 0 });
    expect(bytesOf(dir.file("out")).equals(bytesOf(dir.file("sound")))).toBe(true);
  });

  test("always, of the first of two endpoints: the second one is asked", async () => {
    await using dir = await tempDir();
    const two = `    low.test:\n      endpoints: [${world.lowProxy.url}, ${world.low.origin}]\n`;
    const config = await writeConfig(dir.file("two.yaml"), {}, two);
    expect(await serialize(dir.file("sound"))).toMatchObject({ code: 0 });
    world.lowProxy.setRules([flip(big)]);
    const args = ["mirror", "serialize", "low.test/app:v1", dir.file("out"), "-m", "16Mi"];
    expect(await runBinary([...args, "--config", config])).toMatchObject({ code: 0 });
    expect(bytesOf(dir.file("out")).equals(bytesOf(dir.file("sound")))).toBe(true);
  });

  test("once, where the bytes are gone already: standard output ends with 6", async () => {
    world.lowProxy.setRules([flip(big, { times: 1 })]);
    const { code, stderr } = await serialize("-");
    expect({ code, stderr }).toMatchObject({ code: 6 });
    expect(stderr).not.toContain("it is fetched again");
  });
});
