import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { digestOf } from "../../src/oci/digest.ts";
import type { RawManifest } from "../../src/oci/manifest.ts";
import { ociImageIndex, ociImageManifest } from "../../src/oci/media-types.ts";
import { referrersTag } from "../../src/registry/referrers.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { testNeeding } from "../support/needs.ts";
import { dockerRegistry, type RunningRegistry } from "../support/registries.ts";
import { blobDescriptor, bodyOf, endpointAt, openClient } from "./client-under-test.ts";

setDefaultTimeout(30_000);
const emptyBytes = new TextEncoder().encode("{}");
const empty: Descriptor = { ...blobDescriptor(emptyBytes), mediaType: "application/vnd.oci.empty.v1+json" };

function manifestOf(note: string, subject?: Descriptor): RawManifest {
  const body = {
    schemaVersion: 2,
    mediaType: ociImageManifest,
    artifactType: "application/vnd.test.note",
    config: empty,
    layers: [],
    subject,
    annotations: { note },
  };
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  return { descriptor: { mediaType: ociImageManifest, digest: digestOf(bytes), size: bytes.length }, bytes };
}

const indexAnswer = (manifests: readonly Descriptor[], headers: Record<string, string> = {}) => ({
  answer: {
    status: 200,
    headers: { "content-type": ociImageIndex, ...headers },
    body: JSON.stringify({ schemaVersion: 2, mediaType: ociImageIndex, manifests }),
  },
});

test("referrersTag() follows the specification's table", () => {
  const hex = "a".repeat(128);
  expect(referrersTag(`sha256:${"b".repeat(64)}`)).toBe(`sha256-${"b".repeat(64)}`);
  expect(referrersTag(`sha512:${hex}`)).toBe(`sha512-${"a".repeat(64)}`);
});

describe("referrers in a registry without the API", () => {
  const needs = [dockerRegistry.need];
  const subject = manifestOf("subject");
  let registry: RunningRegistry;
  beforeAll(async () => {
    if (dockerRegistry.need.absent === undefined) registry = await dockerRegistry.start();
  });
  afterAll(() => registry?.[Symbol.asyncDispose]());

  testNeeding(needs, "are kept under the fallback tag, none lost when many come at once", async () => {
    await using opened = openClient({ connectionsPerHost: 8 });
    const repository = opened.repository(registry.origin, "library/r");
    await repository.uploadBlob(empty, bodyOf(emptyBytes));
    await repository.pushManifest(subject, "v1");
    expect(await repository.listReferrers(subject.descriptor.digest)).toEqual([]);
    const notes = Array.from({ length: 8 }, (_, at) => manifestOf(`note ${at}`, subject.descriptor));
    await Promise.all(notes.map((note) => repository.pushManifest(note)));
    await repository.pushManifest(notes[0]!);
    const found = await repository.listReferrers(subject.descriptor.digest);
    expect(found.map(({ digest }) => digest)).toEqual(
      notes.map(({ descriptor }) => descriptor.digest).sort(),
    );
    expect(found[0]).toMatchObject({ artifactType: "application/vnd.test.note" });
    expect(found[0]?.annotations?.note).toStartWith("note ");
    const list = await repository.fetchTarget(referrersTag(subject.descriptor.digest));
    expect(list.descriptor.mediaType).toBe(ociImageIndex);
    expect(new TextDecoder().decode(list.bytes)).not.toContain('"subject"');
  });

  testNeeding(needs, "ask for the API only once a repository", async () => {
    await using proxy = await startFaultProxy({ upstream: registry.origin });
    await using opened = openClient();
    const repository = opened.repository(proxy.url, "library/once");
    await repository.uploadBlob(empty, bodyOf(emptyBytes));
    await repository.pushManifest(subject);
    await repository.listReferrers(subject.descriptor.digest);
    await repository.listReferrers(subject.descriptor.digest);
    expect(proxy.requests.filter(({ path }) => path.includes("/referrers/"))).toHaveLength(1);
  });

  testNeeding(needs, "come from the tag whatever the API's path answers", async () => {
    const note = manifestOf("odd", subject.descriptor);
    await using direct = openClient();
    const plain = direct.repository(registry.origin, "library/odd");
    await plain.uploadBlob(empty, bodyOf(emptyBytes));
    await plain.pushManifest(note);
    for (const answer of [
      { status: 400 },
      { status: 405 },
      { status: 403 },
      { status: 303, headers: { location: "https://example.test/page" } },
      { status: 200, headers: { "content-type": "text/html" }, body: "<html>" },
    ]) {
      const rules = [{ path: /\/referrers\//, answer }];
      await using proxy = await startFaultProxy({ upstream: registry.origin, rules });
      await using opened = openClient();
      const found = await opened
        .repository(proxy.url, "library/odd")
        .listReferrers(subject.descriptor.digest);
      expect(found.map(({ digest }) => digest)).toEqual([note.descriptor.digest]);
    }
  });

  testNeeding(
    needs,
    "come from the API where there is one, all pages of it, and leave the tag alone",
    async () => {
      const notes = ["x", "y"].map((text) => manifestOf(text, subject.descriptor));
      const [first, second] = notes.map(({ descriptor }) => descriptor);
      const link = { link: `</v2/library/api/referrers/${subject.descriptor.digest}?page=2>; rel="next"` };
      const rules = [
        { path: /page=2/, ...indexAnswer([second!]) },
        { path: /\/referrers\//, ...indexAnswer([first!], link) },
        { method: "PUT", path: /manifests/, setHeaders: { "oci-subject": subject.descriptor.digest } },
      ];
      await using proxy = await startFaultProxy({ upstream: registry.origin, rules });
      await using opened = openClient();
      const repository = opened.repository(proxy.url, "library/api");
      const found = await repository.listReferrers(subject.descriptor.digest);
      expect(found.map(({ digest }) => digest)).toEqual([first!.digest, second!.digest].sort());
      await repository.uploadBlob(empty, bodyOf(emptyBytes));
      proxy.requests.length = 0;
      await repository.pushManifest(notes[0]!);
      expect(proxy.requests).toHaveLength(1);
    },
  );

  testNeeding(needs, "heed what the endpoint's settings say", async () => {
    await using proxy = await startFaultProxy({ upstream: registry.origin });
    await using opened = openClient();
    const { digest } = subject.descriptor;
    const byTag = opened.repository([endpointAt(proxy.url, { referrers: "tag" })], "library/set");
    expect(await byTag.listReferrers(digest)).toEqual([]);
    expect(proxy.requests.some(({ path }) => path.includes("/referrers/"))).toBe(false);
    const byApi = opened.repository([endpointAt(proxy.url, { referrers: "api" })], "library/set");
    await expect(byApi.listReferrers(digest)).rejects.toMatchObject({
      code: "registry",
      hint: expect.stringContaining("supportsReferrers"),
    });
  });

  testNeeding(needs, "ignore a tag that turns out to be the subject itself", async () => {
    await using opened = openClient();
    const repository = opened.repository(registry.origin, "library/self");
    await repository.uploadBlob(empty, bodyOf(emptyBytes));
    await repository.pushManifest(subject, referrersTag(subject.descriptor.digest));
    expect(await repository.listReferrers(subject.descriptor.digest)).toEqual([]);
  });
});
