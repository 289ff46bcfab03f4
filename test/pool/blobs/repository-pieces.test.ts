/** The bridge from a client that pushes to a body that is pulled: in order, with a brake, whatever the registry does. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { repositoryPieces } from "../../../src/pool/blobs/repository-pieces.ts";
import { openClient } from "../../registry/client-under-test.ts";
import { type EmbeddedRegistry, embedded } from "../../support/embedded.ts";
import { type FaultProxy, type FaultRule, startFaultProxy } from "../../support/fault-proxy.ts";
import { contentOf } from "../../support/images.ts";
import { pushBlob } from "../../support/push.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

setDefaultTimeout(30_000);
const blob = contentOf("application/octet-stream", seededBytes("pieces", 3_000_000));
const never = new AbortController().signal;
let registry: EmbeddedRegistry;

beforeAll(async () => {
  registry = await embedded();
  await pushBlob(registry.origin, "library/x", blob);
});
afterAll(() => registry?.close());

async function readAll(
  rules: readonly FaultRule[],
  offset: number,
): Promise<{ bytes: Buffer; proxy: FaultProxy }> {
  await using proxy = await startFaultProxy({ upstream: registry.origin, rules });
  await using client = openClient();
  const pieces: Buffer[] = [];
  const source = client.repository(proxy.url, "library/x");
  for await (const piece of repositoryPieces(source.blob(blob.descriptor), offset, never))
    pieces.push(Buffer.from(piece));
  return { bytes: Buffer.concat(pieces), proxy };
}

describe("repositoryPieces()", () => {
  for (const offset of [0, 1, 1_234_567, blob.descriptor.size - 1, blob.descriptor.size]) {
    test(`gives the bytes from ${offset} on`, async () => {
      const { bytes } = await readAll([], offset);
      expect(bytes.equals(Buffer.from(blob.bytes.subarray(offset)))).toBe(true);
    });

    test(`gives the bytes from ${offset} on when the registry ignores Range`, async () => {
      const { bytes, proxy } = await readAll([{ ignoreRange: true }], offset);
      expect(bytes.equals(Buffer.from(blob.bytes.subarray(offset)))).toBe(true);
      expect(proxy.requests.filter(({ method }) => method === "GET").length).toBeLessThanOrEqual(2);
    });
  }

  test("goes on where a connection broke, with not a byte twice", async () => {
    const { bytes } = await readAll([{ cutAfter: 700_000, times: 3 }], 5);
    expect(bytes.equals(Buffer.from(blob.bytes.subarray(5)))).toBe(true);
  });

  test("ends the request when its taker leaves early", async () => {
    await using proxy = await startFaultProxy({ upstream: registry.origin });
    await using client = openClient({ connectionsPerHost: 1 });
    const source = client.repository(proxy.url, "library/x");
    for (let round = 0; round < 5; round++) {
      for await (const piece of repositoryPieces(source.blob(blob.descriptor), 0, never)) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
    }
    // With its one connection still taken, this would never end.
    expect(await source.hasBlob(blob.descriptor)).toBe(true);
  });

  test("does not read ahead of a slow taker", async () => {
    await using proxy = await startFaultProxy({ upstream: registry.origin });
    await using client = openClient();
    const source = client.repository(proxy.url, "library/x");
    const pieces = repositoryPieces(source.blob(blob.descriptor), 0, never);
    const first = await pieces.next();
    const head = Buffer.from(first.value ?? []);
    await Bun.sleep(200);
    // Had the next chunk been taken in its place, the first piece would be another one by now.
    expect(Buffer.from(first.value ?? []).equals(head)).toBe(true);
    const rest: Buffer[] = [head];
    for await (const piece of pieces) rest.push(Buffer.from(piece));
    expect(Buffer.concat(rest).equals(Buffer.from(blob.bytes))).toBe(true);
  });

  test("throws what the registry says", async () => {
    await expect(readAll([{ answer: { status: 404 } }], 0)).rejects.toMatchObject({ code: "not-found" });
    await expect(readAll([{ contentLength: 5 }], 0)).rejects.toMatchObject({ code: "digest" });
  });

  test("stops with its signal", async () => {
    await using proxy = await startFaultProxy({
      upstream: registry.origin,
      rules: [{ stallAfter: 100_000 }],
    });
    await using client = openClient();
    const stop = new AbortController();
    const source = client.repository(proxy.url, "library/x");
    const read = async () => {
      for await (const piece of repositoryPieces(source.blob(blob.descriptor), 0, stop.signal))
        expect(piece).toBeDefined();
    };
    setTimeout(() => stop.abort(), 100);
    await expect(read()).rejects.toMatchObject({ code: "stopped" });
  });
});
