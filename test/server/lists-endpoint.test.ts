import { expect, test } from "bun:test";
import { ociImageIndex } from "../../src/oci/media-types.ts";
import { embedded, errorCode, manifestsIn } from "../support/embedded.ts";
import { attachmentOf, imageOf, sbomOf } from "../support/images.ts";
import { pushArtifact } from "../support/push.ts";

test("tags are listed sorted, in pages that link to the next", async () => {
  await using registry = await embedded();
  const image = imageOf({ seed: "tags" });
  for (const tag of ["b", "a", "10", "9", "Z"]) await pushArtifact(registry.origin, "a/b", image, tag);
  let path: string | undefined = "/v2/a/b/tags/list?n=2";
  const pages: unknown[] = [];
  while (path !== undefined) {
    const response = await registry.send("GET", path);
    pages.push(await response.json());
    path = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
  }
  expect(pages).toEqual([["10", "9"], ["Z", "a"], ["b"]].map((tags) => ({ name: "a/b", tags })));
});

test("the tags of an unknown repository are answered 404 NAME_UNKNOWN", async () => {
  await using registry = await embedded();
  const response = await registry.send("GET", "/v2/nobody/tags/list");
  expect([response.status, await errorCode(response)]).toEqual([404, "NAME_UNKNOWN"]);
});

test("the catalogue lists repositories sorted, with slashes, in pages", async () => {
  await using registry = await embedded();
  for (const name of ["z", "a/b/c", "a-b"])
    await pushArtifact(registry.origin, name, imageOf({ seed: "catalog" }));
  const all = await registry.send("GET", "/v2/_catalog");
  expect(await all.json()).toEqual({ repositories: ["a-b", "a/b/c", "z"] });
  expect((await registry.send("GET", "/v2/_catalog?n=1")).headers.get("link")).toContain("last=a-b");
});

test("referrers are listed with type and annotations, filtered on request, and empty for what nobody refers to", async () => {
  await using registry = await embedded();
  const image = imageOf({ seed: "referrers" });
  const sbom = sbomOf(image);
  const note = attachmentOf("application/vnd.example.note", Buffer.from("note"), {
    subject: image.root,
    annotations: { author: "ada" },
  });
  const path = `/v2/a/referrers/${image.root.digest}`;
  const list = async (query = "") => {
    const response = await registry.send("GET", path + query);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, ociImageIndex]);
    expect(await response.clone().json()).toMatchObject({ schemaVersion: 2, mediaType: ociImageIndex });
    return { filters: response.headers.get("oci-filters-applied"), manifests: await manifestsIn(response) };
  };
  expect(await list()).toEqual({ filters: null, manifests: [] });
  // Referrers first: their subject comes later.
  for (const artifact of [sbom, note, image]) await pushArtifact(registry.origin, "a", artifact);
  const noteEntry = {
    mediaType: note.root.mediaType,
    digest: note.root.digest,
    size: note.root.size,
    annotations: { author: "ada" },
    artifactType: "application/vnd.example.note",
  };
  const { manifests } = await list();
  expect(manifests).toHaveLength(2);
  expect(manifests).toContainEqual(noteEntry);
  expect(await list("?artifactType=application/vnd.example.note")).toEqual({
    filters: "artifactType",
    manifests: [noteEntry],
  });
  expect((await list("?artifactType=none")).manifests).toEqual([]);
  await registry.send("DELETE", `/v2/a/manifests/${note.root.digest}`);
  expect((await list()).manifests).toHaveLength(1);
  const refused = await registry.send("GET", "/v2/a/referrers/latest");
  expect([refused.status, await errorCode(refused)]).toEqual([400, "DIGEST_INVALID"]);
});
