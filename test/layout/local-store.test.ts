import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalStore } from "../../src/layout/local-store.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { tempDir } from "../support/temp-dir.ts";

const bytes = seededBytes("local-store", 700_000);
const blob = { mediaType: "application/octet-stream", digest: digestOf(bytes), size: bytes.length };

async function put(store: LocalStore, algorithm = "sha256") {
  const descriptor = { ...blob, digest: digestOf(bytes, algorithm) };
  using ingest = store.ingest(descriptor);
  for (let at = 0; at < bytes.length; at += 100_000) ingest.write(bytes.subarray(at, at + 100_000));
  expect(store.has(descriptor)).toBe(false);
  await ingest.commit();
  return descriptor;
}

async function readAll(store: LocalStore, start = 0): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of store.read(blob, start)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

for (const algorithm of ["sha256", "sha384", "sha512"]) {
  test(`LocalStore keeps a blob under its ${algorithm} as an OCI layout does, and gives it back to another process`, async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "not", "there", "yet");
    using store = LocalStore.open(path);
    const descriptor = await put(store, algorithm);
    const [, hex = ""] = descriptor.digest.split(":");
    expect(Buffer.compare(readFileSync(join(path, "blobs", algorithm, hex)), bytes)).toBe(0);
    const other = LocalStore.attach({ directory: path, ingestDirectory: undefined });
    expect(other.has(descriptor)).toBe(true);
    expect(await other.check(descriptor)).toBe(true);
    expect(Buffer.compare((await other.readWhole(descriptor)) ?? Buffer.alloc(0), bytes)).toBe(0);
  });
}

test("LocalStore reads from any byte on", async () => {
  await using dir = await tempDir();
  using store = LocalStore.open(dir.path);
  await put(store);
  for (const start of [0, 1, 256 * 1024, 699_999, 700_000]) {
    expect(Buffer.compare(await readAll(store, start), bytes.subarray(start))).toBe(0);
  }
});

test("LocalStore refuses bytes that are not the blob's, and shows nothing of them", async () => {
  await using dir = await tempDir();
  using store = LocalStore.open(dir.path);
  for (const wrong of [bytes.subarray(1), Buffer.alloc(bytes.length)]) {
    using ingest = store.ingest(blob);
    ingest.write(wrong);
    await expect(ingest.commit()).rejects.toMatchObject({ code: "digest" });
    expect(store.has(blob)).toBe(false);
  }
});

const damages: [string, (path: string) => void][] = [
  [
    "another byte",
    (path) => writeFileSync(path, Buffer.concat([Buffer.from([bytes[0]! ^ 1]), bytes.subarray(1)])),
  ],
  [
    "a hole at its end, as after a power cut",
    (path) => writeFileSync(path, Buffer.concat([bytes.subarray(0, 5), Buffer.alloc(699_995)])),
  ],
];
for (const [what, damage] of damages) {
  test(`LocalStore finds ${what} in a blob, and removes it`, async () => {
    await using dir = await tempDir();
    using store = LocalStore.open(dir.path);
    for (const look of [() => store.check(blob), () => store.readWhole(blob)]) {
      await put(store);
      damage(store.pathOf(blob.digest));
      expect(store.has(blob)).toBe(true);
      expect((await look()) || false).toBe(false);
      expect(existsSync(store.pathOf(blob.digest))).toBe(false);
    }
  });
}

test("LocalStore does not have a blob whose file has another size", async () => {
  await using dir = await tempDir();
  using store = LocalStore.open(dir.path);
  await put(store);
  writeFileSync(store.pathOf(blob.digest), bytes.subarray(1));
  expect(store.has(blob)).toBe(false);
  expect(await store.check(blob)).toBe(false);
});

test("LocalStore marks what it is asked for as used now", async () => {
  await using dir = await tempDir();
  using store = LocalStore.open(dir.path);
  await put(store);
  const path = store.pathOf(blob.digest);
  utimesSync(path, 1000, 1000);
  store.has(blob);
  expect(statSync(path).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
});

test("LocalStore takes the same blob twice at once", async () => {
  await using dir = await tempDir();
  using store = LocalStore.open(dir.path);
  await Promise.all([put(store), put(store)]);
  expect(await store.check(blob)).toBe(true);
});

test("LocalStore leaves no unfinished file when it is closed", async () => {
  await using dir = await tempDir();
  const store = LocalStore.open(dir.path);
  store.ingest(blob).write(bytes);
  expect(readdirSync(join(dir.path, "ingest"))).toHaveLength(1);
  store.close();
  expect(readdirSync(join(dir.path, "ingest"))).toEqual([]);
});
