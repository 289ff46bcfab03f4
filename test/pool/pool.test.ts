/** Jobs on threads: their windows, what they tell, and a thread that dies. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import type { Worker } from "node:worker_threads";
import { AceError } from "../../src/errors.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { Pool } from "../../src/pool/pool.ts";
import { IncomingWindow } from "../../src/tape/window/incoming-window.ts";
import { OutgoingWindow } from "../../src/tape/window/outgoing-window.ts";
import { until } from "../faults/running.ts";
import { endpointAt } from "../registry/client-under-test.ts";
import { contentOf } from "../support/images.ts";
import { seededBytes } from "../support/seeded-bytes.ts";

setDefaultTimeout(30_000);
const bytes = seededBytes("pool", 50_000);
const digest = digestOf(bytes);
const said: string[] = [];
const threads: Worker[] = [];
const seen = (worker: Worker) => threads.push(worker);
let pool: Pool;

beforeEach(() => {
  said.length = 0;
  threads.length = 0;
  process.on("worker", seen);
  pool = new Pool({
    connections: 2,
    threads: 2,
    userAgent: "test",
    onNotice: (level, text) => said.push(`${level} ${text}`),
  });
});
afterEach(async () => {
  process.off("worker", seen);
  await pool.close();
});

/** A window that a reader has put the bytes into, at `offset` of the archive. */
function filledWindow(offset: number): IncomingWindow {
  const window = IncomingWindow.create(1024 * 1024, { slots: 16, start: offset });
  window.arrive(bytes);
  return window;
}

async function hashIn(window: IncomingWindow, offset: number): Promise<string | undefined> {
  const place = { kind: "window", window: window.handle, segment: 0, offset } as const;
  const blobs = [{ place, size: bytes.length, algorithm: "sha256" }];
  return (await pool.run({ kind: "digest", blobs }))[0];
}

test("jobs of many windows, in turn and side by side", async () => {
  for (const offset of [0, 777, 4096, 12_345]) {
    const window = filledWindow(offset);
    const jobs = Array.from({ length: 8 }, () => hashIn(window, offset));
    expect(new Set(await Promise.all(jobs))).toEqual(new Set([digest]));
  }
});

test("a thread that dies is replaced, and the next jobs know their window", async () => {
  const window = filledWindow(5);
  await Promise.all(Array.from({ length: 8 }, () => hashIn(window, 5)));
  const before = threads.length;
  expect(before).toBeGreaterThan(0);
  await Promise.all([...threads].map((thread) => thread.terminate()));
  await until("there are new threads", () => threads.length >= 2 * before);
  const again = await Promise.all(Array.from({ length: 8 }, () => hashIn(window, 5)));
  expect(new Set(again)).toEqual(new Set([digest]));
});

/** Brings bytes from a server into a window. */
async function fetchFrom(port: number | undefined, window: OutgoingWindow): Promise<void> {
  const { descriptor } = contentOf("application/octet-stream", bytes);
  const segment = window.append(0, descriptor.size) ?? -1;
  await pool.run({
    ...{ kind: "fetch", window: window.handle, segment, offset: 0, descriptor },
    source: {
      settings: { registry: "registry.test", endpoints: [endpointAt(`http://localhost:${port}`)] },
      repository: "library/x",
    },
    ...{ holdBack: true, hashedElsewhere: false },
  });
}

test("a notice is told while the job waits, and none after its end", async () => {
  let asks = 0;
  await using server = Bun.serve({
    port: 0,
    fetch: () => {
      if (++asks === 1) return new Response(null, { status: 503, headers: { "Retry-After": "1" } });
      // The second try comes only when the first one's notice was told.
      return new Response(said.length > 0 ? bytes : "told too late");
    },
  });
  const window = OutgoingWindow.create(1024 * 1024);
  await fetchFrom(server.port, window);
  expect(window.filled()).toBe(bytes.length);
  expect(said).toHaveLength(1);
  expect(said[0]).toContain("try 2 of");
});

test("a job that waits for a registry ends with its window, and the next archive has its connection", async () => {
  await using tired = Bun.serve({
    port: 0,
    fetch: () => new Response(null, { status: 503, headers: { "Retry-After": "600" } }),
  });
  await using awake = Bun.serve({ port: 0, fetch: () => new Response(bytes) });
  const [first, next] = [OutgoingWindow.create(1024 * 1024), OutgoingWindow.create(1024 * 1024)];
  const both = [fetchFrom(tired.port, first!), fetchFrom(tired.port, first!)].map((job) =>
    job.catch((error: unknown) => error),
  );
  await until("it is told that the registry is waited for", () => said.length > 0);
  first!.abort(new AceError("medium", "Cannot write it: it is full"));
  for (const error of await Promise.all(both)) expect(error).toMatchObject({ code: "medium" });
  await fetchFrom(awake.port, next!);
  expect(next!.filled()).toBe(bytes.length);
});

test("a blob that is not there is the cause, for everybody who uses the window, before the job has answered", async () => {
  await using server = Bun.serve({ port: 0, fetch: () => new Response(null, { status: 404 }) });
  const window = OutgoingWindow.create(1024 * 1024);
  const waiting = window.waitForRoom(1024 * 1024 + 5_000_000).catch((error: unknown) => error);
  await expect(fetchFrom(server.port, window)).rejects.toMatchObject({ code: "not-found" });
  expect(await waiting).toMatchObject({ code: "not-found" });
});
