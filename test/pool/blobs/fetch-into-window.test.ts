/** A blob on its way into the window: by one connection or several, past broken ones, and never shown before it is right. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalStore, type StoreHandle } from "../../../src/layout/local-store.ts";
import { AttachedWindows } from "../../../src/pool/blobs/attached-windows.ts";
import { fetchIntoWindow } from "../../../src/pool/blobs/fetch-into-window.ts";
import { hashInWindow } from "../../../src/pool/blobs/hash-in-window.ts";
import { PartSize } from "../../../src/pool/blobs/part-size.ts";
import { StoreAccess } from "../../../src/pool/blobs/store-access.ts";
import type { WorkerContext } from "../../../src/pool/blobs/worker-context.ts";
import { newSharedState } from "../../../src/pool/shared-state.ts";
import { OutgoingWindow } from "../../../src/tape/window/outgoing-window.ts";
import { endpointAt, openClient } from "../../registry/client-under-test.ts";
import { type EmbeddedRegistry, embedded } from "../../support/embedded.ts";
import { type FaultRule, type RecordedRequest, startFaultProxy } from "../../support/fault-proxy.ts";
import { type Content, contentOf } from "../../support/images.ts";
import { pushBlob } from "../../support/push.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { tempDir } from "../../support/temp-dir.ts";

setDefaultTimeout(30_000);
const mib = 1024 * 1024;
const big = contentOf("application/octet-stream", seededBytes("big", 9 * mib + 4321));
const small = contentOf("application/octet-stream", seededBytes("small", 100_000));
let registry: EmbeddedRegistry;

beforeAll(async () => {
  registry = await embedded();
  for (const blob of [big, small]) await pushBlob(registry.origin, "library/x", blob);
});
afterAll(() => registry?.close());

interface Fetched {
  /** What a writer saw, from the blob's first byte. */
  drained: Buffer;
  error: unknown;
  requests: readonly RecordedRequest[];
  notices: readonly string[];
}

/** Fetches a blob to an odd place in a window, which is drained behind it as a writer would. */
async function fetchBlob(
  blob: Content,
  options: {
    rules?: readonly FaultRule[];
    windowBytes?: number;
    holdBack?: boolean;
    most?: number;
    hashedElsewhere?: boolean;
    store?: StoreHandle;
  },
): Promise<Fetched> {
  const {
    rules = [],
    windowBytes = 4 * mib,
    holdBack = false,
    most = 4,
    hashedElsewhere = false,
    store,
  } = options;
  await using proxy = await startFaultProxy({ upstream: registry.origin, rules });
  await using client = openClient({ connectionsPerHost: most });
  const window = OutgoingWindow.create(windowBytes);
  const offset = 3 * windowBytes + 777;
  window.append(0, offset);
  window.fill(0, offset);
  window.filled();
  window.drain(offset);
  const segment = window.append(offset, offset + blob.descriptor.size) ?? -1;
  const shared = newSharedState(most);
  const { notices } = client;
  const context: WorkerContext = {
    client: client.client,
    signal: client.stop.signal,
    store: new StoreAccess(store, shared, (notice) => notices.push(notice)),
    settings: { shared, userAgent: "test", store },
    partSize: new PartSize(),
    windows: new AttachedWindows(() => Promise.reject(new Error("nobody asks"))),
    notice: (notice) => notices.push(notice),
    noticesTold: () => Promise.resolve(),
  };
  const drained: Uint8Array[] = [];
  const drain = () => {
    for (let ready = window.filled(); window.drained < ready; ) {
      const bytes = window.copy(window.drained, Math.min(ready - window.drained, 100_000));
      drained.push(bytes);
      window.drain(window.drained + bytes.length);
    }
    window.announceDrained();
  };
  const draining = setInterval(drain, 2);
  const source = {
    settings: { registry: "registry.test", endpoints: [endpointAt(proxy.url)] },
    repository: "library/x",
  };
  const { descriptor } = blob;
  const place = { window, segment, offset, descriptor, source };
  const jobs = [fetchIntoWindow({ kind: "fetch", ...place, holdBack, hashedElsewhere }, context)];
  if (hashedElsewhere) jobs.push(hashInWindow({ kind: "hash", ...place }, context));
  let error: unknown;
  try {
    await Promise.all(jobs);
  } catch (cause) {
    error = cause;
    window.abort();
    await Promise.allSettled(jobs);
  }
  clearInterval(draining);
  drain();
  // Every connection is idle or closed, soon after.
  while (context.client.repository(source).blob(descriptor).spareConnections < most) await Bun.sleep(1);
  return {
    drained: Buffer.concat(drained),
    error,
    requests: proxy.requests,
    notices: notices.map(({ text }) => text),
  };
}

function expectWhole(fetched: Fetched, blob: Content): void {
  expect(fetched.error).toBeUndefined();
  expect(fetched.drained.equals(Buffer.from(blob.bytes))).toBe(true);
}

describe("hashInWindow() beside a fetch", () => {
  for (const [name, rules] of [
    ["", []],
    [" over one connection", [{ ignoreRange: true }]],
    [" over connections that break", [{ cutAfter: 300_000, times: 4 }]],
  ] as const) {
    test(`completes a blob larger than the window${name}`, async () => {
      expectWhole(await fetchBlob(big, { hashedElsewhere: true, rules }), big);
    });
  }

  test("never shows the last byte of a blob that is wrong, and names both digests", async () => {
    const fetched = await fetchBlob(big, { hashedElsewhere: true, rules: [{ flipByte: 77, times: 1 }] });
    expect(fetched.error).toMatchObject({ code: "digest" });
    expect(String(fetched.error)).toMatch(new RegExp(`${big.descriptor.digest}.* sent sha256:`));
    expect(fetched.drained.length).toBeLessThan(big.descriptor.size);
  });

  test("ends with the window when the fetch fails", async () => {
    const fetched = await fetchBlob(big, { hashedElsewhere: true, rules: [{ answer: { status: 403 } }] });
    expect(fetched.error).toMatchObject({ code: "denied" });
    expect(fetched.drained.length).toBe(0);
  });
});

describe("fetchIntoWindow()", () => {
  test("brings a small blob with one request", async () => {
    const fetched = await fetchBlob(small, { holdBack: true });
    expectWhole(fetched, small);
    expect(fetched.requests).toHaveLength(1);
  });

  test("brings a blob larger than the window, in ranges over several connections", async () => {
    const fetched = await fetchBlob(big, {});
    expectWhole(fetched, big);
    expect(fetched.requests.map(({ headers }) => headers.range).sort()).toEqual(
      Array.from(
        { length: 10 },
        (_, at) => `bytes=${at * mib}-${Math.min((at + 1) * mib, big.descriptor.size) - 1}`,
      ).sort(),
    );
  });

  test("uses no more connections than the thread has", async () => {
    const fetched = await fetchBlob(big, { most: 1, rules: [{ delayMs: 20 }] });
    expectWhole(fetched, big);
    const starts = fetched.requests.map(({ atMs }) => atMs);
    for (const [at, start] of starts.entries())
      if (at > 0) expect(start - (starts[at - 1] ?? 0)).toBeGreaterThan(15);
  });

  test("takes the whole blob over one connection from a registry that ignores Range", async () => {
    const fetched = await fetchBlob(big, { rules: [{ ignoreRange: true }] });
    expectWhole(fetched, big);
  });

  test("notices in the middle that a registry ignores Range", async () => {
    expectWhole(await fetchBlob(big, { rules: [{ ignoreRange: true, after: 3 }] }), big);
  });

  test("survives connections that break, ranges that end early, and servers that are busy", async () => {
    const rules = [
      { cutAfter: 300_000, times: 4 },
      { answer: { status: 503, headers: { "retry-after": "0" } }, times: 2 },
    ];
    expectWhole(await fetchBlob(big, { rules }), big);
  });

  test("shows nothing of a blob that is held back and wrong, fetches it again, and says so", async () => {
    const fetched = await fetchBlob(small, { holdBack: true, rules: [{ flipByte: 5, times: 1 }] });
    expectWhole(fetched, small);
    expect(fetched.requests).toHaveLength(2);
    expect(fetched.notices.join()).toContain("fetching it again");
  });

  test("shows nothing at all of a blob that stays wrong", async () => {
    const fetched = await fetchBlob(small, { holdBack: true, rules: [{ flipByte: 5 }] });
    expect(fetched.error).toMatchObject({ code: "digest" });
    expect(String(fetched.error)).toContain(small.descriptor.digest);
    expect(fetched.drained.length).toBe(0);
  });

  test("never shows the last byte of a blob that is wrong", async () => {
    for (const blob of [small, big]) {
      const fetched = await fetchBlob(blob, { rules: [{ flipByte: 77, times: 1 }] });
      expect(fetched.error).toMatchObject({ code: "digest" });
      expect(fetched.drained.length).toBeLessThan(blob.descriptor.size);
    }
  });

  test("gives up when one of the ranges cannot be had", async () => {
    const fetched = await fetchBlob(big, { rules: [{ after: 4, answer: { status: 404 } }] });
    expect(fetched.error).toMatchObject({ code: "not-found" });
  });
});

describe("fetchIntoWindow() with a local store", () => {
  const modes = [
    ["held back", { holdBack: true }],
    ["shown as it comes", {}],
    ["hashed by another thread", { hashedElsewhere: true }],
  ] as const;

  for (const [mode, options] of modes) {
    const blob = mode === "held back" ? small : big;

    test(`keeps a blob that is ${mode}, and reads it from there the next time`, async () => {
      await using dir = await tempDir();
      using store = LocalStore.open(dir.path);
      expectWhole(await fetchBlob(blob, { ...options, store: store.handle }), blob);
      expect(await store.check(blob.descriptor)).toBe(true);
      const again = await fetchBlob(blob, { ...options, store: store.handle });
      expectWhole(again, blob);
      expect(again).toMatchObject({ requests: [], notices: [] });
    });

    test(`shows nothing wrong of a damaged file when the blob is ${mode}, and fetches it anew`, async () => {
      await using dir = await tempDir();
      using store = LocalStore.open(dir.path);
      const path = await keep(store, blob);
      const damaged = Buffer.from(blob.bytes);
      damaged[3] = damaged[3]! ^ 1;
      writeFileSync(path, damaged);
      const fetched = await fetchBlob(blob, { ...options, store: store.handle });
      expectWhole(fetched, blob);
      expect(fetched.requests.length).toBeGreaterThan(0);
      expect(fetched.notices).toEqual([
        `${blob.descriptor.digest} in the local store was damaged: fetching it again`,
      ]);
      // In its place is what was fetched, or nothing until the next time.
      expect(existsSync(path) ? await store.check(blob.descriptor) : true).toBe(true);
    });
  }

  test("keeps nothing of a blob that arrives wrong", async () => {
    await using dir = await tempDir();
    using store = LocalStore.open(dir.path);
    for (const [blob, options] of [
      [small, { holdBack: true }],
      [big, {}],
      [big, { hashedElsewhere: true }],
    ] as const) {
      const fetched = await fetchBlob(blob, { ...options, store: store.handle, rules: [{ flipByte: 9 }] });
      expect(fetched.error).toMatchObject({ code: "digest" });
      expect(store.has(blob.descriptor)).toBe(false);
      const [run = ""] = readdirSync(join(dir.path, "ingest"));
      expect(readdirSync(join(dir.path, "ingest", run))).toEqual(["lock"]);
    }
  });

  test("only reads from a store that it may not fill", async () => {
    await using dir = await tempDir();
    const store = { directory: dir.path, ingestDirectory: undefined };
    expectWhole(await fetchBlob(small, { holdBack: true, store }), small);
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test("goes on when the store is gone in the middle, and says so", async () => {
    await using dir = await tempDir();
    using store = LocalStore.open(dir.path);
    rmSync(join(dir.path, "ingest"), { recursive: true });
    const fetched = await fetchBlob(small, { holdBack: true, store: store.handle });
    expectWhole(fetched, small);
    expect(fetched.notices).toHaveLength(1);
    expect(fetched.notices[0]).toStartWith(
      "going on without keeping anything: Cannot write to the local store",
    );
  });
});

test("a store that has a blob and cannot give it is told, and the blob fetched", async () => {
  await using dir = await tempDir();
  using store = LocalStore.open(dir.path);
  // A directory in the blob's place: it has the size, and no read of it goes well.
  mkdirSync(dir.file("sample"));
  const blob = contentOf(
    "application/octet-stream",
    seededBytes("unread", statSync(dir.file("sample")).size),
  );
  await pushBlob(registry.origin, "library/x", blob);
  const path = store.pathOf(blob.descriptor.digest);
  mkdirSync(path, { recursive: true });
  const fetched = await fetchBlob(blob, {
    holdBack: true,
    store: { ...store.handle, ingestDirectory: undefined },
  });
  expectWhole(fetched, blob);
  expect(fetched.notices).toEqual([expect.stringContaining("Cannot read from the local store")]);
  expect(fetched.notices[0]).toEndWith(": fetching it again");
});

async function keep(store: LocalStore, blob: Content): Promise<string> {
  using ingest = store.ingest(blob.descriptor);
  ingest.write(blob.bytes);
  await ingest.commit();
  return store.pathOf(blob.descriptor.digest);
}
