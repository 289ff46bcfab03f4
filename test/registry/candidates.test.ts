import { afterAll, beforeAll, expect, test } from "bun:test";
import { AceError } from "../../src/errors.ts";
import type { BlobSource } from "../../src/registry/read-blob.ts";
import { type EmbeddedRegistry, embedded } from "../support/embedded.ts";
import { type FaultProxy, type FaultRule, startFaultProxy } from "../support/fault-proxy.ts";
import { contentOf, imageOf } from "../support/images.ts";
import { pushArtifact, pushBlob } from "../support/push.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { KeepingSink, openClient } from "./client-under-test.ts";

const blob = contentOf("application/octet-stream", seededBytes("candidates", 100_000));
const image = imageOf({ seed: "candidates" });
let registry: EmbeddedRegistry;

beforeAll(async () => {
  registry = await embedded();
  await pushBlob(registry.origin, "library/x", blob);
  await pushArtifact(registry.origin, "library/x", image, "v1");
});
afterAll(() => registry.close());

/** Two ways to the same repository, and what was asked of each. */
async function through(
  rules: readonly [readonly FaultRule[], readonly FaultRule[]],
  act: (opened: ReturnType<typeof openClient>, proxies: readonly [FaultProxy, FaultProxy]) => Promise<void>,
): Promise<void> {
  await using one = await startFaultProxy({ upstream: registry.origin, rules: rules[0] });
  await using two = await startFaultProxy({ upstream: registry.origin, rules: rules[1] });
  await using opened = openClient();
  await act(opened, [one, two]);
}

/** Reads a blob as every reader does: until it is right, or not to be had. */
async function readRight(source: BlobSource): Promise<void> {
  for (;;) {
    const sink = new KeepingSink();
    await source.read({ sink });
    if (sink.digest === blob.descriptor.digest) return;
    if (!source.fetchAgain(new AceError("digest", `Cannot use blob: it is ${sink.digest}`)))
      throw source.error;
  }
}

test("wrong bytes are fetched once more from the same endpoint, then from the next one (F3)", async () => {
  const wrong: FaultRule[] = [{ method: "GET", flipByte: 40 }];
  await through([wrong, []], async ({ repository, notices }, [one, two]) => {
    const source = repository([one.url, two.url], "library/x").blob(blob.descriptor);
    await readRight(source);
    expect([one.requests.length, two.requests.length]).toEqual([2, 1]);
    const told = notices.map(({ text }) => text);
    expect(told[0]).toContain(`(${one.url}): fetching it again`);
    expect(told[1]).toContain(`(${one.url}); asking the next endpoint, ${two.url}`);
  });
  await through([wrong, []], async ({ repository }, [one, two]) => {
    const manifest = await repository([one.url, two.url], "library/x").fetchManifest(image.root);
    expect(manifest.bytes).toEqual(image.manifests.at(-1)?.bytes ?? new Uint8Array());
    expect([one.requests.length, two.requests.length]).toEqual([2, 1]);
  });
});

test("wrong bytes from everywhere end with digest, after two fetches from each", async () => {
  const wrong: FaultRule[] = [{ method: "GET", flipByte: 40 }];
  await through([wrong, wrong], async ({ repository }, [one, two]) => {
    const both = repository([one.url, two.url], "library/x");
    await expect(readRight(both.blob(blob.descriptor))).rejects.toMatchObject({ code: "digest" });
    expect([one.requests.length, two.requests.length]).toEqual([2, 2]);
    await expect(both.fetchManifest(image.root)).rejects.toMatchObject({ code: "digest" });
    expect([one.requests.length, two.requests.length]).toEqual([4, 4]);
  });
});

test("an endpoint that is gone is not asked again because another one's bytes were wrong", async () => {
  const wrong: FaultRule[] = [{ method: "GET", flipByte: 40 }];
  await through([[], wrong], async ({ repository }, [, two]) => {
    const source = repository(["http://127.0.0.1:1", two.url], "library/x").blob(blob.descriptor);
    await expect(readRight(source)).rejects.toMatchObject({
      details: [expect.stringContaining("Cannot use blob")],
    });
    expect(two.requests).toHaveLength(2);
  });
});

test("a flipped byte in a list of referrers is asked for again where it is no list any more", async () => {
  const rules: FaultRule[] = [{ path: /\/referrers\//, flipByte: 0, times: 1 }];
  await through([rules, []], async ({ repository }, [one]) => {
    expect(await repository(one.url, "library/x").listReferrers(image.root.digest)).toEqual([]);
    expect(one.requests).toHaveLength(2);
  });
});
