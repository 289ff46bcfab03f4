import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createServer } from "node:http";
import type { Repository } from "../../../src/registry/repository.ts";
import type { Credentials } from "../../../src/registry/settings.ts";
import { startFaultProxy } from "../../support/fault-proxy.ts";
import { program, testNeeding } from "../../support/needs.ts";
import {
  distribution3,
  dockerRegistry,
  type RunningRegistry,
  startDistribution,
} from "../../support/registries.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { startTokenServer, type TokenServer } from "../../support/token-server.ts";
import { blobDescriptor, bodyOf, endpointAt, KeepingSink, openClient } from "../client-under-test.ts";

setDefaultTimeout(30_000);
const bytes = seededBytes("guarded", 10_000);
const descriptor = blobDescriptor(bytes);

function as(
  opened: ReturnType<typeof openClient>,
  url: string,
  repository: string,
  credentials?: Credentials,
): Repository {
  return opened.repository([endpointAt(url, credentials === undefined ? {} : { credentials })], repository);
}

describe("a registry with htpasswd", () => {
  const needs = [dockerRegistry.need, program("htpasswd")];
  let registry: RunningRegistry;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  beforeAll(async () => {
    if (needs.some(({ absent }) => absent !== undefined)) return;
    dir = await tempDir();
    const entry = Bun.spawnSync(["htpasswd", "-Bbn", "bob", "secret"]).stdout.toString();
    await Bun.write(dir.file("htpasswd"), entry);
    const yaml = `auth: { htpasswd: { realm: tests, path: ${JSON.stringify(dir.file("htpasswd"))} } }\n`;
    registry = await startDistribution("docker-registry", yaml);
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
    await dir?.[Symbol.asyncDispose]();
  });

  testNeeding(needs, "takes a push and a pull of who has the password, and asks only once", async () => {
    await using proxy = await startFaultProxy({ upstream: registry.origin });
    await using opened = openClient();
    const repository = as(opened, proxy.url, "private/x", { username: "bob", password: "secret" });
    await repository.uploadBlob(descriptor, bodyOf(bytes));
    const sink = new KeepingSink();
    await repository.blob(descriptor).read({ sink });
    expect(sink.digest).toBe(descriptor.digest);
    const without = proxy.requests.filter(({ headers }) => headers.authorization === undefined);
    expect(without).toHaveLength(1);
  });

  testNeeding(needs, "refuses others: who, what, and what helps, without the password", async () => {
    await using opened = openClient();
    for (const [credentials, who] of [
      [undefined, "an anonymous client"],
      [{ username: "bob", password: "wr0ng" }, 'user "bob"'],
    ] as const) {
      const repository = as(opened, registry.origin, "private/x", credentials);
      for (const [act, verb] of [
        [() => repository.blob(descriptor).read({ sink: new KeepingSink() }), "pull from"],
        [() => repository.uploadBlob(descriptor, bodyOf(bytes)), "push to"],
        [() => repository.resolve("latest"), "pull from"],
      ] as const) {
        const error = await act().then(undefined, (thrown) => thrown);
        expect(error.code).toBe("denied");
        expect(error.message).toContain(`${who} may not ${verb} registry.test/private/x`);
        expect(error.hint).toContain("registryAuthFile");
        expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain("wr0ng");
      }
    }
  });
});

describe.each([dockerRegistry, distribution3])("$name with a token server", (kind) => {
  const needs = [kind.need, program("openssl")];
  let registry: RunningRegistry;
  let tokens: TokenServer;
  const bob = { username: "bob", password: "secret" };
  beforeAll(async () => {
    if (needs.some(({ absent }) => absent !== undefined)) return;
    tokens = await startTokenServer();
    const name = kind === dockerRegistry ? "docker-registry" : "registry";
    registry = await startDistribution(name, tokens.registryYaml);
    await using opened = openClient();
    await as(opened, registry.origin, "public/x", bob).uploadBlob(descriptor, bodyOf(bytes));
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
    await tokens?.[Symbol.asyncDispose]();
  });

  testNeeding(
    needs,
    "lets an anonymous client pull what is public, with one token for many requests",
    async () => {
      tokens.requests.length = 0;
      await using opened = openClient({ connectionsPerHost: 8 });
      const repository = as(opened, registry.origin, "public/x");
      await Promise.all(
        Array.from({ length: 20 }, () => repository.blob(descriptor).read({ sink: new KeepingSink() })),
      );
      expect(tokens.requests).toHaveLength(1);
      expect(tokens.requests[0]).toMatchObject({
        user: undefined,
        scopes: ["repository:public/x:pull"],
        service: "registry.test",
      });
    },
  );

  testNeeding(needs, "refuses an anonymous push, although the token server gave a token", async () => {
    await using opened = openClient();
    const upload = as(opened, registry.origin, "public/x").uploadBlob(descriptor, bodyOf(bytes));
    const error = await upload.then(undefined, (thrown) => thrown);
    expect(error.code).toBe("denied");
    expect(error.message).toContain("an anonymous client may not push to registry.test/public/x");
  });

  testNeeding(needs, "gets pull and push in one token, and both repositories for a mount", async () => {
    tokens.requests.length = 0;
    await using opened = openClient();
    const repository = as(opened, registry.origin, "private/y", bob);
    expect(await repository.mountBlob(descriptor, "public/x")).toEqual({ mounted: true });
    expect(tokens.requests.map(({ user, scopes }) => [user, scopes])).toEqual([
      ["bob", ["repository:private/y:pull,push", "repository:public/x:pull"]],
    ]);
    tokens.requests.length = 0;
    expect(await repository.hasBlob(descriptor)).toBe(true);
    const other = seededBytes("other", 100);
    await repository.uploadBlob(blobDescriptor(other), bodyOf(other));
    expect(tokens.requests.map(({ scopes }) => scopes)).toEqual([["repository:private/y:pull,push"]]);
  });

  testNeeding(needs, "wants one token for everything where the endpoint says so", async () => {
    tokens.requests.length = 0;
    await using opened = openClient();
    const settings = endpointAt(registry.origin, { credentials: bob, singleContext: true });
    await opened.repository([settings], "public/x").hasBlob(descriptor);
    await opened.repository([settings], "public/x").blob(descriptor).read({ sink: new KeepingSink() });
    expect(tokens.requests).toHaveLength(1);
  });

  testNeeding(needs, "takes an identity token by POST, and by GET where POST is not spoken", async () => {
    tokens.requests.length = 0;
    await using opened = openClient();
    const identity = { username: "bob", identityToken: "bobs-identity" };
    await as(opened, registry.origin, "private/y", identity).hasBlob(descriptor);
    expect(tokens.requests[0]).toMatchObject({
      method: "POST",
      form: {
        grant_type: "refresh_token",
        scope: "repository:private/y:pull,push",
        service: "registry.test",
      },
    });
    tokens.scripted.push(new Response("no such page", { status: 404 }));
    await using again = openClient();
    const both = { ...bob, identityToken: "bobs-identity" };
    await as(again, registry.origin, "private/y", both).hasBlob(descriptor);
    expect(tokens.requests.slice(1).map(({ method }) => method)).toEqual(["POST", "GET"]);
  });

  testNeeding(needs, "asks the token server again after 503", async () => {
    tokens.scripted.push(new Response("", { status: 503 }));
    await using opened = openClient();
    await as(opened, registry.origin, "public/x").blob(descriptor).read({ sink: new KeepingSink() });
  });

  testNeeding(needs, "names the user when the token server refuses the password", async () => {
    await using opened = openClient();
    const repository = as(opened, registry.origin, "public/x", { username: "eve", password: "p4ss" });
    const error = await repository.resolve("latest").then(undefined, (thrown) => thrown);
    expect(error.code).toBe("denied");
    expect(error.message).toContain('user "eve"');
    expect(error.message).not.toContain("p4ss");
  });
});

test("a token server in this network is refused to a registry outside, a redirect to http too", async () => {
  const { Authenticator } = await import("../../../src/registry/auth/authenticator.ts");
  const send = () => Promise.reject(new Error("must not be asked"));
  const base = new URL("https://registry.test");
  const authenticator = new Authenticator(endpointAt("https://registry.test"), base, send);
  for (const realm of ["http://registry.test/token", "https://127.0.0.1/token", "null://x", ""]) {
    await expect(authenticator.answer(`Bearer realm="${realm}"`, [], undefined)).rejects.toMatchObject({
      code: "registry",
      message: expect.stringContaining("refused"),
    });
  }
});

test("a token whose answer ends early is asked for again (F2)", async () => {
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/token")) {
      // Two writes and no length: it goes out in chunks, which end well.
      response.write('{"token": ');
      response.end(asked++ === 0 ? '"ab' : '"abc"}');
    } else if (request.headers.authorization === "Bearer abc") response.end();
    else {
      const realm = `http://${request.headers.host}/token`;
      response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}",service="s"` }).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    await using opened = openClient();
    const empty = blobDescriptor(new Uint8Array());
    expect(await opened.repository(`http://127.0.0.1:${port}`, "library/x").hasBlob(empty)).toBe(true);
    expect(asked).toBe(2);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
