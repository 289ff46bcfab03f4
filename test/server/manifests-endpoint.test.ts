import { expect, test } from "bun:test";
import { digestOf } from "../../src/oci/digest.ts";
import { manifestLimitBytes } from "../../src/oci/manifest.ts";
import { dockerManifestList, ociImageIndex, ociImageManifest } from "../../src/oci/media-types.ts";
import { type EmbeddedRegistry, embedded, errorCode } from "../support/embedded.ts";
import { type Content, imageOf, indexOf, jsonContent, multiArchOf, sbomOf } from "../support/images.ts";
import { pushArtifact, pushBlob } from "../support/push.ts";

const put = (registry: EmbeddedRegistry, manifest: Content, target: string, repository = "a") =>
  registry.send("PUT", `/v2/${repository}/manifests/${target}`, {
    body: manifest.bytes,
    headers: { "content-type": manifest.descriptor.mediaType },
  });

for (const docker of [false, true]) {
  test(`a multi-arch image of ${docker ? "Docker's" : "OCI's"} media types comes back byte for byte, by tag and digest`, async () => {
    await using registry = await embedded();
    const image = indexOf([imageOf({ seed: "x", docker }), imageOf({ seed: "y", docker })], { docker });
    await pushArtifact(registry.origin, "a/b", image, "v1");
    for (const { descriptor, bytes } of image.manifests) {
      for (const method of ["HEAD", "GET"]) {
        const response = await registry.send(method, `/v2/a/b/manifests/${descriptor.digest}`);
        expect(response.status).toBe(200);
        expect(response.headers.get("content-type")).toBe(descriptor.mediaType);
        expect(response.headers.get("content-length")).toBe(String(bytes.length));
        expect(response.headers.get("docker-content-digest")).toBe(descriptor.digest);
        if (method === "GET") expect(Buffer.compare(await response.bytes(), bytes)).toBe(0);
      }
    }
    const tagged = await registry.send("GET", "/v2/a/b/manifests/v1");
    expect(tagged.headers.get("content-type")).toBe(docker ? dockerManifestList : ociImageIndex);
    expect(tagged.headers.get("docker-content-digest")).toBe(image.root.digest);
  });
}

test("PUT answers 201 with location and digest, by tag, by digest, and by a sha512 digest", async () => {
  await using registry = await embedded();
  const image = imageOf({ seed: "put" });
  for (const blob of image.blobs) await pushBlob(registry.origin, "a", blob);
  const manifest = image.manifests[0]!;
  const sha512 = digestOf(manifest.bytes, "sha512");
  for (const [target, digest] of [
    ["v1", manifest.descriptor.digest],
    [manifest.descriptor.digest, manifest.descriptor.digest],
    [sha512, sha512],
  ] as const) {
    const response = await put(registry, manifest, target);
    expect(response.status).toBe(201);
    expect(response.headers.get("location")).toBe(`/v2/a/manifests/${digest}`);
    expect(response.headers.get("docker-content-digest")).toBe(digest);
    expect(response.headers.has("oci-subject")).toBe(false);
  }
  expect((await registry.send("GET", `/v2/a/manifests/${sha512}`)).status).toBe(200);
});

test("PUT by digest takes tags as parameters and names them", async () => {
  await using registry = await embedded();
  const empty = jsonContent(ociImageIndex, { schemaVersion: 2, mediaType: ociImageIndex, manifests: [] });
  const response = await put(registry, empty, `${empty.descriptor.digest}?tag=v1&tag=v2`);
  expect([response.status, response.headers.get("oci-tag")]).toEqual([201, "v1, v2"]);
  expect((await registry.send("HEAD", "/v2/a/manifests/v2")).status).toBe(200);
  const refused = await put(registry, empty, `${empty.descriptor.digest}?tag=-x`);
  expect([refused.status, await errorCode(refused)]).toEqual([400, "TAG_INVALID"]);
});

test("PUT is refused until config, layers and children are there, and says which are missing", async () => {
  await using registry = await embedded();
  const image = multiArchOf("order");
  const root = image.manifests.at(-1)!;
  const child = image.manifests[0]!;
  for (const manifest of [root, child]) {
    const response = await put(registry, manifest, "v1");
    expect(response.status).toBe(400);
    const text = await response.clone().text();
    expect(await errorCode(response)).toBe("MANIFEST_BLOB_UNKNOWN");
    if (manifest === root) expect(text).toContain(child.descriptor.digest);
  }
  // Another repository's blobs do not count.
  await pushArtifact(registry.origin, "b", image);
  expect((await put(registry, child, "v1")).status).toBe(400);
  await pushArtifact(registry.origin, "a", image, "v1");
});

test("PUT takes an index without its manifests when sparse ones are taken, but no image without its blobs", async () => {
  await using registry = await embedded({ sparseIndexes: true });
  const image = multiArchOf("sparse");
  expect((await put(registry, image.manifests.at(-1)!, "v1")).status).toBe(201);
  expect((await put(registry, image.manifests[0]!, "v2")).status).toBe(400);
});

test("PUT takes an image whose foreign layers are elsewhere, and one whose subject is not there", async () => {
  await using registry = await embedded();
  const image = imageOf({ seed: "foreign", layers: 0 });
  for (const blob of image.blobs) await pushBlob(registry.origin, "a", blob);
  const absent = { digest: digestOf(Buffer.from("elsewhere")), size: 9 };
  const foreign = jsonContent(ociImageManifest, {
    schemaVersion: 2,
    mediaType: ociImageManifest,
    config: image.blobs[0]!.descriptor,
    layers: [
      { ...absent, mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip" },
      { ...absent, mediaType: "application/vnd.oci.image.layer.v1.tar", urls: ["https://example.com/x"] },
    ],
    subject: { ...absent, mediaType: ociImageManifest },
  });
  const response = await put(registry, foreign, "v1");
  expect([response.status, response.headers.get("oci-subject")]).toEqual([201, absent.digest]);
});

test("PUT of a referrer names its subject", async () => {
  await using registry = await embedded();
  const image = imageOf({ seed: "subject" });
  const sbom = sbomOf(image);
  for (const blob of sbom.blobs) await pushBlob(registry.origin, "a", blob);
  const response = await put(registry, sbom.manifests[0]!, sbom.root.digest);
  expect([response.status, response.headers.get("oci-subject")]).toEqual([201, image.root.digest]);
});

const json = (value: unknown) => ({ body: JSON.stringify(value), type: ociImageManifest });
const refusals: [string, { body: string | Uint8Array; type: string }, string, number, string][] = [
  ["another digest", json({}), `sha256:${"0".repeat(64)}`, 400, "DIGEST_INVALID"],
  ["a broken digest", json({}), "sha256:baddigeststring", 400, "DIGEST_INVALID"],
  ["a tag that is none", json({}), ".hidden", 400, "TAG_INVALID"],
  ["a tag of 129 characters", json({}), "t".repeat(129), 400, "TAG_INVALID"],
  ["a body that is not JSON", { body: "{", type: ociImageManifest }, "v1", 400, "MANIFEST_INVALID"],
  ["an unknown media type", { body: "{}", type: "text/plain" }, "v1", 400, "MANIFEST_INVALID"],
  [
    "a Content-Type that is not the manifest's",
    { body: JSON.stringify({ mediaType: ociImageManifest }), type: ociImageIndex },
    "v1",
    400,
    "MANIFEST_INVALID",
  ],
  [
    "more than 8 MiB",
    { body: new Uint8Array(manifestLimitBytes + 1), type: ociImageManifest },
    "v1",
    413,
    "SIZE_INVALID",
  ],
];
for (const [what, { body, type }, target, status, code] of refusals) {
  test(`PUT of ${what} is answered ${status} ${code} and leaves no tag`, async () => {
    await using registry = await embedded();
    const response = await registry.send("PUT", `/v2/a/manifests/${target}`, {
      body,
      headers: { "content-type": type },
    });
    expect(response.status).toBe(status);
    expect(await errorCode(response)).toBe(code);
    expect((await registry.send("GET", "/v2/a/tags/list")).status).toBe(404);
  });
}

test("a streamed manifest of more than 8 MiB is refused, one of 8 MiB is taken", async () => {
  await using registry = await embedded();
  const frame = JSON.stringify({
    schemaVersion: 2,
    mediaType: ociImageIndex,
    manifests: [],
    annotations: { x: "" },
  });
  const full = frame.replace('""', `"${"x".repeat(manifestLimitBytes - frame.length)}"`);
  const send = (text: string) =>
    registry.send("PUT", "/v2/a/manifests/big", {
      body: new Blob([text]).stream(),
      headers: { "content-type": ociImageIndex },
    });
  expect((await send(`${full} `)).status).toBe(413);
  expect((await send(full)).status).toBe(201);
});

test("what is not there is answered 404, also under names that could not be", async () => {
  await using registry = await embedded();
  for (const target of ["v1", ".INVALID_MANIFEST_NAME", `sha256:${"0".repeat(64)}`, "sha256:bad"]) {
    for (const method of ["GET", "HEAD", "DELETE"]) {
      const response = await registry.send(method, `/v2/a/manifests/${target}`);
      expect(response.status).toBe(404);
      if (method !== "HEAD") expect(await errorCode(response)).toBe("MANIFEST_UNKNOWN");
    }
  }
});

test("DELETE by tag removes the tag alone, by digest the manifest with all its tags", async () => {
  await using registry = await embedded();
  const image = imageOf({ seed: "delete" });
  for (const tag of ["a", "b", "c"]) await pushArtifact(registry.origin, "a", image, tag);
  const tags = async () => (await registry.send("GET", "/v2/a/tags/list")).json();
  expect((await registry.send("DELETE", "/v2/a/manifests/b")).status).toBe(202);
  expect(await tags()).toEqual({ name: "a", tags: ["a", "c"] });
  expect((await registry.send("DELETE", `/v2/a/manifests/${image.root.digest}`)).status).toBe(202);
  expect(await tags()).toEqual({ name: "a", tags: [] });
  expect((await registry.send("GET", "/v2/a/manifests/a")).status).toBe(404);
});

test("100 pushes of tags into one repository at the same time all stay", async () => {
  await using registry = await embedded();
  const images = Array.from({ length: 10 }, (_, i) => imageOf({ seed: `many ${i}`, layerBytes: 100 }));
  await Promise.all(images.map((image) => pushArtifact(registry.origin, "a", image)));
  const names = Array.from({ length: 100 }, (_, i) => `t${String(i).padStart(3, "0")}`);
  const pushed = await Promise.all(
    names.map((name, i) => put(registry, images[i % 10]!.manifests[0]!, name)),
  );
  expect(pushed.every(({ status }) => status === 201)).toBe(true);
  expect(await (await registry.send("GET", "/v2/a/tags/list")).json()).toEqual({ name: "a", tags: names });
  const one = await registry.send("HEAD", "/v2/a/manifests/t037");
  expect(one.headers.get("docker-content-digest")).toBe(images[7]!.root.digest);
});
