import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { embedded, errorCode } from "../support/embedded.ts";
import { imageOf } from "../support/images.ts";
import { pushArtifact } from "../support/push.ts";
import { tempDir } from "../support/temp-dir.ts";

test("the ping tells that this is a registry", async () => {
  await using registry = await embedded();
  for (const path of ["/v2/", "/v2"]) {
    const response = await registry.send("GET", path);
    expect([response.status, response.headers.get("docker-distribution-api-version")]).toEqual([
      200,
      "registry/2.0",
    ]);
  }
});

test("a method that an endpoint does not have is answered 405 with those that it has", async () => {
  await using registry = await embedded();
  for (const [method, path, allow] of [
    ["POST", "/v2/a/tags/list", "GET, HEAD"],
    ["POST", "/v2/a/manifests/v1", "GET, HEAD, PUT, DELETE"],
    ["GET", "/v2/a/blobs/uploads/", "POST"],
  ] as const) {
    const response = await registry.send(method, path);
    expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
    expect(await errorCode(response)).toBe("UNSUPPORTED");
  }
});

test("a read-only registry serves what is there and answers every change 405 UNSUPPORTED", async () => {
  await using dir = await tempDir();
  const image = imageOf({ seed: "read-only" });
  await using writer = await embedded({ dir: dir.path });
  await pushArtifact(writer.origin, "a", image, "v1");
  await writer.close();
  await using registry = await embedded({ dir: dir.path, readOnly: true });
  expect((await registry.send("GET", "/v2/a/manifests/v1")).status).toBe(200);
  expect((await registry.send("GET", `/v2/a/blobs/${image.blobs[0]!.descriptor.digest}`)).status).toBe(200);
  for (const [method, path] of [
    ["POST", "/v2/a/blobs/uploads/"],
    ["PUT", "/v2/a/manifests/v2"],
    ["DELETE", "/v2/a/manifests/v1"],
    ["DELETE", `/v2/a/blobs/${image.blobs[0]!.descriptor.digest}`],
  ] as const) {
    const response = await registry.send(method, path, method === "PUT" ? { body: "{}" } : {});
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect(await errorCode(response)).toBe("UNSUPPORTED");
  }
  expect((await registry.send("GET", "/v2/a/manifests/v1")).status).toBe(200);
});

test("with htpasswd, whoever has no right password gets 401 and a challenge, everywhere", async () => {
  await using dir = await tempDir();
  const hash = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
  writeFileSync(dir.file("htpasswd"), `ada:${hash}\n`);
  await using registry = await embedded({ htpasswd: dir.file("htpasswd") });
  const basic = (text: string) => ({ headers: { authorization: `Basic ${btoa(text)}` } });
  for (const path of ["/v2/", "/v2/_catalog", "/v2/a/tags/list", "/nowhere"]) {
    for (const init of [
      {},
      basic("ada:wrong"),
      basic("bob:secret"),
      { headers: { authorization: "Bearer x" } },
    ]) {
      const response = await registry.send("GET", path, init);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toMatch(/^Basic realm="/);
      expect(await errorCode(response)).toBe("UNAUTHORIZED");
    }
  }
  expect((await registry.send("GET", "/v2/", basic("ada:secret"))).status).toBe(200);
  expect((await registry.send("POST", "/v2/a/blobs/uploads/", basic("ada:secret"))).status).toBe(202);
});

test("a refused upload does not break its connection for the next request", async () => {
  await using registry = await embedded({ readOnly: true });
  const body = new Uint8Array(3_000_000);
  for (let round = 0; round < 5; round += 1) {
    expect((await registry.send("POST", "/v2/a/blobs/uploads/", { body })).status).toBe(405);
    expect((await registry.send("GET", "/v2/")).status).toBe(200);
  }
});

test("a fault of the storage is answered 500 and told to the operator, not to the client", async () => {
  await using dir = await tempDir();
  await using registry = await embedded({ dir: dir.path });
  const image = imageOf({ seed: "fault" });
  await pushArtifact(registry.origin, "a", image, "v1");
  rmSync(dir.file("uploads"), { recursive: true });
  const response = await registry.send("POST", "/v2/a/blobs/uploads/");
  const text = await response.clone().text();
  expect([response.status, await errorCode(response)]).toEqual([500, "UNKNOWN"]);
  expect(text).not.toContain(dir.path);
  expect(registry.notices.join()).toContain("Cannot answer POST /v2/a/blobs/uploads/: ENOENT");
  expect((await registry.send("GET", "/v2/a/manifests/v1")).status).toBe(200);
});
