/** What list says is in an archive, by the compiled binary, from files and streams; and that it reads no bodies. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { zstdCompressSync } from "node:zlib";
import { makeArchive } from "../../scripts/bench/make-archive.ts";
import { walkTar } from "../faults/archive-facts.ts";
import { embedded } from "../support/embedded.ts";
import { multiArchOf } from "../support/images.ts";
import { testNeeding } from "../support/needs.ts";
import { originalFile } from "../support/original.ts";
import { pushArtifact } from "../support/push.ts";
import {
  binaryPath,
  type RunOptions,
  type RunResult,
  runBinary,
  runCommandLine,
} from "../support/run-binary.ts";
import { tarOf } from "../support/seeded-bytes.ts";
import { skopeoCopy, skopeoNeed } from "../support/skopeo.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

setDefaultTimeout(60_000);

/** A row of `-o json`. */
interface Row {
  bytes: number;
  complete: boolean;
  digest: string;
  labels: string;
  platforms: string;
  reference: string;
}

let dir: TempDir;
beforeAll(async () => {
  dir = await tempDir();
});
afterAll(() => dir[Symbol.asyncDispose]());

async function listed(path: string, options: RunOptions = {}): Promise<RunResult & { rows: Row[] }> {
  const result = await runBinary(["mirror", "list", path, "-o", "json"], options);
  return { ...result, rows: result.stdout === "" ? [] : JSON.parse(result.stdout) };
}

const whole = [
  "serialize.tar",
  "serialize.tar.gz",
  "serialize.tar.zst",
  "serialize-manifest-json.tar",
  "serialize-index-fallback.tar",
];

describe("the original's archives", () => {
  test.each(whole)("%s: four images, the same from a file and from standard input", async (name) => {
    const path = originalFile(name);
    const [file, stdin] = await Promise.all([listed(path), listed("-", { stdin: Bun.file(path) })]);
    expect({ code: file.code, stderr: file.stderr }).toMatchObject({ code: 0 });
    expect(stdin.rows).toEqual(file.rows);
    // With --index-fallback the nested index comes behind the others.
    const facts = file.rows.map((row) => [row.reference, row.labels, row.platforms, row.complete]);
    expect(facts.sort()).toEqual([
      ["reg.example.com/charts/app:0.1.0", "component=charts,module=test", "", true],
      [
        "reg.example.com/library/base@sha256:8987e8318b79adbd5a954e57e8f00d30671d372f3ef2c832c495e2d72fe67386",
        "",
        "linux/amd64",
        true,
      ],
      ["reg.example.com/library/multi:v2", "component=core", "linux/amd64,linux/arm64/v8", true],
      ["reg.example.com/library/tool:v1", "component=core,tier=base", "linux/amd64", true],
    ]);
  });

  test("sizes are those of the blobs that the manifests name, each once", async () => {
    const { rows } = await listed(originalFile("serialize.tar"));
    expect(rows.map(({ bytes }) => bytes)).toEqual([2717, 6489, 4255, 4502]);
  });

  test("delta.tar: what it leaves out makes its images incomplete, which is no failure", async () => {
    const { code, rows, stderr } = await listed(originalFile("delta.tar"));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(rows.map(({ complete }) => complete)).toEqual([false, false, false, false]);
    expect(stderr).toContain("4 of them need blobs that are not in this archive");
  });

  test("part2.tar, whose index is in part 1, has one line for it", async () => {
    const { code, rows } = await listed(originalFile("part2.tar"));
    expect(code).toBe(0);
    expect(rows).toMatchObject([{ complete: false }]);
  });

  test("the table for people, and CSV", async () => {
    const path = originalFile("serialize.tar");
    const { stdout } = await runBinary(["mirror", "list", path]);
    expect(stdout.split("\n")[0]).toMatch(/^REFERENCE +LABELS +PLATFORMS +SIZE +COMPLETE +DIGEST$/);
    expect(stdout).toMatch(/tool:v1 .* linux\/amd64 +4\.50 kB +yes +sha256:/);
    const csv = await runBinary(["mirror", "list", path, "-o", "csv"]);
    expect(csv.stdout.split("\n")[0]).toBe("reference,labels,platforms,bytes,complete,digest");
  });
});

testNeeding(
  [skopeoNeed],
  "skopeo's oci-archive of a multi-platform image is one image with its platforms",
  async () => {
    await using registry = await embedded();
    const image = multiArchOf("multi");
    await pushArtifact(registry.origin, "library/multi", image, "v2");
    const path = dir.file("skopeo.tar");
    await skopeoCopy(`docker://${new URL(registry.origin).host}/library/multi:v2`, `oci-archive:${path}:v2`);
    const packed = dir.file("skopeo.tar.zst");
    await Bun.write(packed, zstdCompressSync(readFileSync(path)));
    for (const archive of [path, packed]) {
      expect((await listed(archive)).rows).toMatchObject([
        {
          reference: "v2",
          platforms: "linux/amd64,linux/arm64/v8",
          digest: image.root.digest,
          complete: true,
        },
      ]);
    }
  },
);

describe("archives that are not whole", () => {
  const bytes = readFileSync(originalFile("serialize.tar"));
  const write = async (content: Uint8Array) => {
    const path = dir.file(`case-${Bun.randomUUIDv7()}.tar`);
    await Bun.write(path, content);
    return path;
  };

  test("a cut one lists what it has, says which images lack something, and ends with 6", async () => {
    const { code, rows, stderr } = await listed(await write(bytes.subarray(0, 20_000)));
    expect(code).toBe(6);
    expect(rows.length).toBe(4);
    expect(new Set(rows.map(({ complete }) => complete))).toEqual(new Set([true, false]));
    expect(stderr).toContain("it is incomplete");
    expect(stderr).toContain("ace-dt mirror verify names everything");
  });

  test("a flipped byte in a manifest that is read is told; one in a layer is not looked for", async () => {
    const { entries } = walkTar(bytes);
    const named = entries.filter(({ name }) => name.startsWith("blobs/sha256/") && name.length > 20);
    const manifest = named.find(({ body }) => body!.includes('"layers"'))!;
    const damaged = Buffer.from(bytes);
    damaged[manifest.bodyOffset + 60] = 0;
    const first = await listed(await write(damaged));
    expect(first.code).toBe(6);
    expect(first.rows.filter(({ complete }) => !complete).length).toBe(1);
    const layer = named.findLast(({ body }) => body![0] === 0x1f)!;
    const other = Buffer.from(bytes);
    other[layer.bodyOffset + 60] = 255 - other[layer.bodyOffset + 60]!;
    expect(await listed(await write(other))).toMatchObject({ code: 0 });
  });

  test.each([
    ["no tar", Buffer.from("this is no archive\n".repeat(100)), 6, "it is not a tar archive"],
    ["empty", Buffer.alloc(0), 6, "it is empty"],
    ["another tar", Buffer.from(tarOf([{ name: "README", bytes: Buffer.from("hi") }])), 6, "it has no"],
  ])("one that is %s ends with 6 and says why", async (_, content, code, words) => {
    const result = await listed(await write(content));
    expect(result).toMatchObject({ code });
    expect(result.stderr).toContain(words);
  });

  test("one that is not there ends with 7", async () => {
    expect(await listed("/no/such.tar")).toMatchObject({ code: 7 });
  });
});

test("bodies of a file are not read: a terabyte of holes is listed in a moment", async () => {
  const small = dir.file("small.tar");
  await makeArchive(small, { images: 3, layers: 1, layerBytes: 700_000 });
  const bytes = readFileSync(small);
  const { entries } = walkTar(bytes);
  const layer = entries.findLast(({ size }) => size === 700_000)!;
  // The last layer becomes 1 TB long: it is then not what its manifest says, and all behind it is still found.
  const header = Buffer.from(bytes.subarray(layer.bodyOffset - 512, layer.bodyOffset));
  const size = 1024 ** 4;
  header.fill(0, 124, 136);
  header[124] = 0x80;
  header.writeBigUInt64BE(BigInt(size), 128);
  header.write("        ", 148);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  const path = dir.file("huge.tar");
  const file = await open(path, "w");
  await file.write(bytes, 0, layer.bodyOffset - 512, 0);
  await file.write(header, 0, 512, layer.bodyOffset - 512);
  await file.write(bytes, layer.end, bytes.length - layer.end, layer.bodyOffset + size);
  await file.close();
  const { code, rows, ms } = await listed(path);
  expect(code).toBe(0);
  expect(rows.map(({ complete }) => complete)).toEqual([true, true, false]);
  expect(ms).toBeLessThan(10_000);
});

test("an archive of 20,000 entries is listed whole, from a file and from a pipe, in little memory", async () => {
  const path = dir.file("many.tar");
  await makeArchive(path, { images: 2000, layers: 8, layerBytes: 100 });
  const [file, stream] = [await listed(path), await listed("-", { stdin: Bun.file(path) })];
  for (const { code, rows, stderr } of [file, stream]) {
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(rows.length).toBe(2000);
    expect(rows.every(({ complete, bytes }) => complete && bytes > 800)).toBe(true);
  }
  // Half a megabyte of rows, into a pipe that is read later.
  const late = `"$0" mirror list "$1" -o json | (sleep 1; cat)`;
  const { stdout } = await runCommandLine(["sh", "-c", late, binaryPath(), path]);
  expect(stdout).toBe(file.stdout);
  const verified = await runBinary(["mirror", "verify", "-"], { stdin: Bun.file(path) });
  expect(verified).toMatchObject({ code: 0 });
  expect(verified.stderr).toContain("2000 images, 20001 blobs");
});
