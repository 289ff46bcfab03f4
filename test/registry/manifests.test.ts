import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { manifestLimitBytes, type RawManifest } from "../../src/oci/manifest.ts";
import { dockerManifest, ociImageIndex, ociImageManifest } from "../../src/oci/media-types.ts";
import type { Repository } from "../../src/registry/repository.ts";
import { type FaultProxy, type FaultRule, startFaultProxy } from "../support/fault-proxy.ts";
import { testNeeding } from "../support/needs.ts";
import { distribution3, dockerRegistry, type RunningRegistry } from "../support/registries.ts";
import { blobDescriptor, bodyOf, openClient } from "./client-under-test.ts";

setDefaultTimeout(30_000);
const manifests = /\/manifests\//;
const configBytes = new TextEncoder().encode("{}");
const config: Descriptor = {
  ...blobDescriptor(configBytes),
  mediaType: "application/vnd.oci.image.config.v1+json",
};

/** A manifest in odd bytes: whoever re-encodes it breaks the digest. */
function manifestOf(note: string, more: object = {}, mediaType = ociImageManifest): RawManifest {
  const body = { schemaVersion: 2, mediaType, config, layers: [], annotations: { note }, ...more };
  const bytes = new TextEncoder().encode(`${JSON.stringify(body, undefined, 3)}\n\n`);
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

describe.each([dockerRegistry, distribution3])("manifests in $name", (kind) => {
  const needs = [kind.need];
  let registry: RunningRegistry;
  beforeAll(async () => {
    if (kind.need.absent !== undefined) return;
    registry = await kind.start();
    await using opened = openClient();
    await opened.repository(registry.origin, "library/m").uploadBlob(config, bodyOf(configBytes));
  });
  afterAll(() => registry?.[Symbol.asyncDispose]());

  async function broken(
    rules: readonly FaultRule[],
    act: (repository: Repository, proxy: FaultProxy, notices: readonly { text: string }[]) => Promise<void>,
  ): Promise<void> {
    await using proxy = await startFaultProxy({ upstream: registry.origin, rules });
    await using opened = openClient();
    await act(opened.repository(proxy.url, "library/m"), proxy, opened.notices);
  }

  testNeeding(needs, "come back byte for byte, by tag and by digest", async () => {
    await broken([], async (repository, proxy) => {
      const manifest = manifestOf("bytes");
      expect(await repository.hasManifest(manifest.descriptor)).toBe(false);
      await repository.pushManifest(manifest, "v1");
      expect(await repository.hasManifest(manifest.descriptor)).toBe(true);
      for (const got of [
        await repository.fetchTarget("v1"),
        await repository.fetchTarget(manifest.descriptor.digest),
        await repository.fetchManifest(manifest.descriptor),
      ]) {
        expect(Buffer.from(got.bytes).equals(Buffer.from(manifest.bytes))).toBe(true);
        expect(got.descriptor).toEqual(manifest.descriptor);
      }
      proxy.requests.length = 0;
      expect(await repository.resolve("v1")).toEqual(manifest.descriptor);
      expect(await repository.resolve(manifest.descriptor.digest)).toEqual(manifest.descriptor);
      expect(proxy.requests.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
    });
  });

  testNeeding(needs, "of every kind are pushed with their own type", async () => {
    await broken([], async (repository, proxy) => {
      const image = manifestOf("child");
      const docker = manifestOf(
        "docker",
        { config: { ...config, mediaType: "application/vnd.docker.container.image.v1+json" } },
        dockerManifest,
      );
      const index = manifestOf(
        "index",
        { config: undefined, layers: undefined, manifests: [image.descriptor] },
        ociImageIndex,
      );
      for (const manifest of [image, docker, index]) {
        await repository.pushManifest(manifest);
        expect((await repository.fetchTarget(manifest.descriptor.digest)).descriptor).toEqual(
          manifest.descriptor,
        );
      }
      const puts = proxy.requests.filter(({ method }) => method === "PUT");
      expect(puts.map(({ headers }) => headers["content-type"])).toEqual([
        ociImageManifest,
        dockerManifest,
        ociImageIndex,
      ]);
    });
  });

  testNeeding(needs, "are resolved with a GET where the HEAD says too little", async () => {
    const manifest = manifestOf("head");
    await broken([], async (repository) => repository.pushManifest(manifest, "head"));
    for (const fault of [
      { dropHeaders: ["docker-content-digest"] },
      { answer: { status: 405 } },
      { setHeaders: { "content-type": "text/html" } },
    ]) {
      await broken([{ method: "HEAD", ...fault }], async (repository, proxy) => {
        expect(await repository.resolve("head")).toEqual(manifest.descriptor);
        expect(proxy.requests.map(({ method }) => method)).toEqual(["HEAD", "GET"]);
      });
    }
  });

  testNeeding(needs, "with a flipped byte are refused, naming both digests", async () => {
    const manifest = manifestOf("flipped");
    await broken([], async (repository) => repository.pushManifest(manifest, "flipped"));
    await broken([{ method: "GET", path: manifests, flipByte: 100 }], async (repository) => {
      for (const read of [
        () => repository.fetchManifest(manifest.descriptor),
        () => repository.fetchTarget(manifest.descriptor.digest),
        () => repository.fetchTarget("flipped"),
      ]) {
        await expect(read()).rejects.toMatchObject({
          code: "digest",
          message: expect.stringMatching(new RegExp(`sha256:.*${manifest.descriptor.digest}`)),
        });
      }
    });
  });

  testNeeding(needs, "that are truncated are refused, naming both sizes", async () => {
    const manifest = manifestOf("truncated");
    await broken([], async (repository) => repository.pushManifest(manifest));
    await broken([{ method: "GET", path: manifests, truncateTo: 50 }], async (repository) => {
      await expect(repository.fetchManifest(manifest.descriptor)).rejects.toMatchObject({
        code: "digest",
        message: expect.stringContaining(`sent 50 bytes, its descriptor says ${manifest.descriptor.size}`),
      });
    });
  });

  testNeeding(needs, "whose answer is cut are asked for again", async () => {
    const manifest = manifestOf("cut");
    await broken([], async (repository) => repository.pushManifest(manifest));
    await broken([{ method: "GET", path: manifests, times: 2, cutAfter: 50 }], async (repository) => {
      expect((await repository.fetchManifest(manifest.descriptor)).descriptor).toEqual(manifest.descriptor);
    });
  });

  testNeeding(needs, "above the limit are refused before they fill the memory", async () => {
    const body = " ".repeat(manifestLimitBytes + 1);
    const answer = { status: 200, headers: { "content-type": ociImageManifest }, body };
    await broken([{ method: "GET", path: manifests, answer }], async (repository) => {
      await expect(repository.fetchTarget("big")).rejects.toMatchObject({
        code: "registry",
        message: expect.stringContaining(
          `it has ${body.length} bytes, more than the ${manifestLimitBytes} allowed`,
        ),
      });
    });
  });

  testNeeding(needs, "larger than the registry takes: the error says how large", async () => {
    await broken([], async (repository) => {
      const big = manifestOf("x".repeat(5 * 1024 * 1024));
      await expect(repository.pushManifest(big)).rejects.toMatchObject({
        message: expect.stringContaining(`${big.bytes.length} bytes`),
      });
    });
  });

  testNeeding(needs, "of schema 1 are refused", async () => {
    const schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    const answer = {
      status: 200,
      headers: { "content-type": schema1 },
      body: '{"schemaVersion":1,"fsLayers":[]}',
    };
    await broken([{ path: manifests, answer }], async (repository) => {
      await expect(repository.fetchTarget("old")).rejects.toMatchObject({
        code: "registry",
        message: expect.stringContaining("schema 1"),
      });
    });
  });

  testNeeding(needs, "whose body says another type than their Content-Type are refused", async () => {
    const manifest = manifestOf("typed");
    await broken([], async (repository) => repository.pushManifest(manifest, "typed"));
    const lie = { "content-type": `${ociImageIndex}; charset=utf-8` };
    await broken([{ method: "GET", path: manifests, setHeaders: lie }], async (repository) => {
      await expect(repository.fetchTarget("typed")).rejects.toMatchObject({ code: "registry" });
    });
    const vague = { "content-type": "application/json" };
    await broken([{ method: "GET", path: manifests, setHeaders: vague }], async (repository) => {
      expect((await repository.fetchTarget("typed")).descriptor).toEqual(manifest.descriptor);
    });
  });

  testNeeding(needs, "that are embedded in their descriptor cost no request", async () => {
    await broken([], async (repository, proxy) => {
      const manifest = manifestOf("embedded");
      const data = Buffer.from(manifest.bytes).toString("base64");
      await repository.fetchManifest({ ...manifest.descriptor, data });
      expect(proxy.requests).toHaveLength(0);
      const wrong = Buffer.from("wrong").toString("base64");
      await expect(repository.fetchManifest({ ...manifest.descriptor, data: wrong })).rejects.toMatchObject({
        code: "not-found",
      });
    });
  });

  testNeeding(
    needs,
    "that are missing: the error has the whole reference and the registry's words",
    async () => {
      await broken([], async (repository) => {
        for (const read of [() => repository.resolve("nope"), () => repository.fetchTarget("nope")]) {
          await expect(read()).rejects.toMatchObject({
            code: "not-found",
            message: expect.stringMatching(/registry\.test\/library\/m:nope.*404, MANIFEST_UNKNOWN/),
          });
        }
      });
    },
  );

  testNeeding(needs, "whose blobs are missing: a 500 with a reason is not repeated", async () => {
    const body = JSON.stringify({
      errors: [{ code: "MANIFEST_BLOB_UNKNOWN", message: "blob unknown to registry" }],
    });
    const answer = { status: 500, headers: { "content-type": "application/json" }, body };
    await broken([{ method: "PUT", answer }], async (repository, proxy) => {
      await expect(repository.pushManifest(manifestOf("500"))).rejects.toMatchObject({
        message: expect.stringContaining("MANIFEST_BLOB_UNKNOWN"),
      });
      expect(proxy.requests).toHaveLength(1);
    });
  });

  testNeeding(needs, "are pushed again after 502, and a registry's warning is passed on once", async () => {
    const rules = [
      { method: "PUT", times: 1, answer: { status: 502 } },
      { method: "PUT", setHeaders: { warning: '299 - "this will go away"' } },
    ];
    await broken(rules, async (repository, _, notices) => {
      await repository.pushManifest(manifestOf("warned"), "a");
      await repository.pushManifest(manifestOf("warned"), "b");
      const warnings = notices.filter(({ text }) => text.includes("this will go away"));
      expect(warnings).toHaveLength(1);
    });
  });

  testNeeding(needs, "listTags() sorts, and knows no tags of a repository that is not there", async () => {
    await using opened = openClient();
    const repository = opened.repository(registry.origin, "library/tags");
    expect(await repository.listTags()).toEqual([]);
    await repository.uploadBlob(config, bodyOf(configBytes));
    for (const tag of ["b", "a", "C"]) await repository.pushManifest(manifestOf("tagged"), tag);
    expect(await repository.listTags()).toEqual(["C", "a", "b"]);
  });

  testNeeding(needs, "listTags() asks again for a page that ends early (F2)", async () => {
    await broken([], async (repository) => repository.pushManifest(manifestOf("tagged"), "only"));
    for (const fault of [{ endAfter: 10 }, { chunksTo: 10 }, { endAfter: 0 }]) {
      await broken([{ path: /tags/, times: 2, ...fault }], async (repository, proxy) => {
        expect(await repository.listTags()).toContain("only");
        expect(proxy.requests).toHaveLength(3);
      });
    }
  });

  testNeeding(needs, "listTags() follows pages, and notices when they go in circles", async () => {
    const page = (tag: string, next?: string) => ({
      answer: {
        status: 200,
        headers: {
          "content-type": "application/json",
          ...(next === undefined ? {} : { link: `<${next}>; rel="next"` }),
        },
        body: JSON.stringify({ name: "library/m", tags: [tag] }),
      },
    });
    const pages = [
      { path: /last=one/, ...page("two", "/v2/library/m/tags/list?last=two") },
      { path: /last=two/, ...page("three") },
      { path: /tags/, ...page("one", "list?last=one") },
    ];
    await broken(pages, async (repository) => {
      expect(await repository.listTags()).toEqual(["one", "three", "two"]);
    });
    await broken([{ path: /tags/, ...page("one", "list?last=one") }], async (repository) => {
      await expect(repository.listTags()).rejects.toMatchObject({ code: "registry" });
    });
  });
});
