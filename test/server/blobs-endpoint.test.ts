import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { digestOf } from "../../src/oci/digest.ts";
import { embedded, errorCode } from "../support/embedded.ts";
import { imageOf } from "../support/images.ts";
import { pushArtifact } from "../support/push.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { tempDir } from "../support/temp-dir.ts";

const bytes = seededBytes("blob", 100_000);
const digest = digestOf(bytes);
const path = `/v2/a/blobs/${digest}`;

async function withBlob(options: Parameters<typeof embedded>[0] = {}) {
  const registry = await embedded(options);
  await registry.send("POST", `/v2/a/blobs/uploads/?digest=${digest}`, { body: bytes });
  return registry;
}

test("HEAD tells length and digest of a blob, GET the same and the bytes", async () => {
  await using registry = await withBlob();
  for (const method of ["HEAD", "GET"]) {
    const response = await registry.send(method, path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("100000");
    expect(response.headers.get("docker-content-digest")).toBe(digest);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
    expect((await response.bytes()).length).toBe(method === "GET" ? 100_000 : 0);
  }
});

const ranges: [string, number, number][] = [
  ["bytes=0-0", 0, 1],
  ["bytes=500-1499", 500, 1500],
  ["bytes=99000-", 99_000, 100_000],
  ["bytes=99000-200000", 99_000, 100_000],
  ["bytes=-700", 99_300, 100_000],
];
for (const [range, start, end] of ranges) {
  test(`GET of ${range} is answered 206 with exactly these bytes`, async () => {
    await using registry = await withBlob();
    const response = await registry.send("GET", path, { headers: { range } });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe(`bytes ${start}-${end - 1}/100000`);
    expect(response.headers.get("content-length")).toBe(String(end - start));
    expect(Buffer.compare(await response.bytes(), bytes.subarray(start, end))).toBe(0);
  });
}

for (const range of ["bytes=100000-", "bytes=200000-300000", "bytes=5-4", "bytes=-0"]) {
  test(`GET of ${range} is answered 416 with the blob's size`, async () => {
    await using registry = await withBlob();
    const response = await registry.send("GET", path, { headers: { range } });
    expect([response.status, response.headers.get("content-range")]).toEqual([416, "bytes */100000"]);
    await errorCode(response);
  });
}

test("GET of several ranges, or of one under a condition that does not hold, gets the whole blob", async () => {
  await using registry = await withBlob();
  for (const headers of [{ range: "bytes=0-1,5-6" }, { range: "bytes=0-1", "if-range": '"other"' }]) {
    const response = await registry.send("GET", path, { headers: new Headers(headers) });
    expect([response.status, (await response.bytes()).length]).toEqual([200, 100_000]);
  }
  const response = await registry.send("GET", path, {
    headers: { range: "bytes=0-1", "if-range": `"${digest}"` },
  });
  expect(response.status).toBe(206);
});

test("a blob is served by no repository but its own, and deleted from its own only", async () => {
  await using dir = await tempDir();
  await using registry = await withBlob({ dir: dir.path });
  const other = `/v2/b/blobs/${digest}`;
  const refused = await registry.send("GET", other);
  expect([refused.status, await errorCode(refused)]).toEqual([404, "BLOB_UNKNOWN"]);
  await registry.send("POST", `/v2/b/blobs/uploads/?mount=${digest}&from=a`);
  expect((await registry.send("DELETE", path)).status).toBe(202);
  expect((await registry.send("DELETE", path)).status).toBe(404);
  expect((await registry.send("GET", path)).status).toBe(404);
  expect((await registry.send("GET", other)).status).toBe(200);
  const stored = dir.file(`blobs/${digest.replace(":", "/")}`);
  expect(existsSync(stored)).toBe(true);
  await registry.send("DELETE", other);
  expect(existsSync(stored)).toBe(false);
});

test("a broken digest is answered 400, a manifest is not deleted as a blob", async () => {
  await using registry = await embedded();
  for (const method of ["GET", "DELETE"]) {
    for (const wrong of ["sha256:abc", "sha256:..%2f..%2fx", "latest"]) {
      const response = await registry.send(method, `/v2/a/blobs/${wrong}`);
      expect(response.status).toBe(wrong.includes("%2f") ? 404 : 400);
    }
  }
  const image = imageOf({ seed: "blob" });
  await pushArtifact(registry.origin, "a", image, "v1");
  const response = await registry.send("DELETE", `/v2/a/blobs/${image.root.digest}`);
  expect([response.status, await errorCode(response)]).toEqual([405, "UNSUPPORTED"]);
  expect((await registry.send("GET", "/v2/a/manifests/v1")).status).toBe(200);
});
