import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalStore } from "../../src/layout/local-store.ts";
import { pruneStore } from "../../src/layout/prune-store.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Blobs of 1000 bytes; the first was used longest ago, an hour apart. */
async function filled(directory: string, blobs: number) {
  using store = LocalStore.open(directory);
  const descriptors = [];
  for (let i = 0; i < blobs; i++) {
    const bytes = seededBytes(`prune ${i}`, 1000);
    const descriptor = { mediaType: "a/b", digest: digestOf(bytes), size: bytes.length };
    using ingest = store.ingest(descriptor);
    ingest.write(bytes);
    await ingest.commit();
    const used = Date.now() / 1000 - 3600 * (blobs - i);
    utimesSync(store.pathOf(descriptor.digest), used, used);
    descriptors.push(descriptor);
  }
  return descriptors;
}

function here(directory: string, descriptors: Awaited<ReturnType<typeof filled>>): boolean[] {
  const store = LocalStore.attach({ directory, ingestDirectory: undefined });
  return descriptors.map(({ digest }) => existsSync(store.pathOf(digest)));
}

test("pruneStore() removes what was used least recently, down to the size and no further", async () => {
  await using dir = await tempDir();
  const blobs = await filled(dir.path, 5);
  LocalStore.attach({ directory: dir.path, ingestDirectory: undefined }).has(blobs[0]!);
  expect(pruneStore(dir.path, 5000).removed.blobs).toBe(0);
  expect(pruneStore(dir.path, 2999)).toEqual({
    removed: { blobs: 3, bytes: 3000 },
    left: { blobs: 2, bytes: 2000 },
    inUse: { blobs: 0, bytes: 0 },
  });
  expect(here(dir.path, blobs)).toEqual([true, false, false, false, true]);
});

test("pruneStore() goes by use, also when somebody has only looked at a file's bytes since", async () => {
  await using dir = await tempDir();
  const blobs = await filled(dir.path, 3);
  const store = LocalStore.attach({ directory: dir.path, ingestDirectory: undefined });
  // As a backup program leaves it: read a moment ago, used long ago.
  utimesSync(store.pathOf(blobs[0]!.digest), Date.now() / 1000, 1000);
  pruneStore(dir.path, 2000);
  expect(here(dir.path, blobs)).toEqual([false, true, true]);
});

test("pruneStore() empties the store, and leaves what is none of its business", async () => {
  await using dir = await tempDir();
  const blobs = await filled(dir.path, 3);
  const others = ["blobs/sha256/README", "blobs/notes", "something"];
  for (const name of others) writeFileSync(join(dir.path, name), "mine");
  expect(pruneStore(dir.path, 0).left).toEqual({ blobs: 0, bytes: 0 });
  expect(here(dir.path, blobs)).toEqual([false, false, false]);
  for (const name of others) expect(existsSync(join(dir.path, name))).toBe(true);
});

test("pruneStore() leaves alone what a run that goes on has read or put there", async () => {
  await using dir = await tempDir();
  const blobs = await filled(dir.path, 3);
  {
    using busy = LocalStore.open(dir.path);
    busy.has(blobs[1]!);
    expect(pruneStore(dir.path, 0)).toEqual({
      removed: { blobs: 2, bytes: 2000 },
      left: { blobs: 1, bytes: 1000 },
      inUse: { blobs: 1, bytes: 1000 },
    });
    expect(here(dir.path, blobs)).toEqual([false, true, false]);
  }
  expect(pruneStore(dir.path, 0).removed.blobs).toBe(1);
});

test("pruneStore() leaves the unfinished files of a run that goes on, and removes a dead one's", async () => {
  await using dir = await tempDir();
  const [blob] = await filled(dir.path, 1);
  using busy = LocalStore.open(dir.path);
  using ingest = busy.ingest(blob!);
  ingest.write(new Uint8Array(10));
  const dead = join(dir.path, "ingest", "a-dead-run");
  mkdirSync(dead);
  for (const name of ["lock", "unfinished"]) {
    writeFileSync(join(dead, name), "");
    utimesSync(join(dead, name), 1000, 1000);
  }
  utimesSync(dead, 1000, 1000);
  pruneStore(dir.path, 0);
  expect(existsSync(dead)).toBe(false);
  expect(readdirSync(join(dir.path, "ingest"))).toHaveLength(1);
  const [own = ""] = readdirSync(join(dir.path, "ingest"));
  expect(readdirSync(join(dir.path, "ingest", own))).toHaveLength(2);
});

test("pruneStore() does not make a store, and has nothing to do in an empty directory", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "none");
  expect(pruneStore(path, 0).removed.blobs).toBe(0);
  expect(existsSync(path)).toBe(false);
  expect(pruneStore(dir.path, 0).removed.blobs).toBe(0);
});

test.each(["index.json", "oci-layout"])(
  "pruneStore() refuses an image layout, known by its %s",
  async (sign) => {
    await using dir = await tempDir();
    const blobs = await filled(dir.path, 2);
    writeFileSync(join(dir.path, sign), "{}");
    expect(() => pruneStore(dir.path, 0)).toThrow("so it is an image layout and no local store");
    expect(here(dir.path, blobs)).toEqual([true, true]);
  },
);
