import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { AceError } from "../../src/errors.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { newConnectionTable } from "../../src/registry/http/connection-table.ts";
import { newHostGates } from "../../src/registry/http/gates.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { freePort } from "../support/free-port.ts";
import { program, testNeeding } from "../support/needs.ts";
import { pushBlob } from "../support/push.ts";
import { dockerRegistry, type RunningRegistry } from "../support/registries.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { tempDir } from "../support/temp-dir.ts";
import { blobDescriptor, endpointAt, KeepingSink, openClient } from "./client-under-test.ts";

setDefaultTimeout(30_000);
const needs = [dockerRegistry.need];
const bytes = seededBytes("client", 100_000);
const descriptor = blobDescriptor(bytes);
let registry: RunningRegistry;
beforeAll(async () => {
  if (dockerRegistry.need.absent !== undefined) return;
  registry = await dockerRegistry.start();
  await pushBlob(registry.origin, "library/c", { descriptor, bytes });
});
afterAll(() => registry?.[Symbol.asyncDispose]());

async function failure(work: Promise<unknown>): Promise<AceError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof AceError) return thrown;
  throw new Error(`no AceError: ${thrown}`);
}

describe("a client", () => {
  testNeeding(needs, "asks the endpoints in order, and says what each said", async () => {
    await using opened = openClient();
    const nobody = `http://127.0.0.1:${await freePort()}`;
    await using empty = await startFaultProxy({
      upstream: registry.origin,
      rules: [{ answer: { status: 404 } }],
    });
    const repository = opened.repository([nobody, empty.url, registry.origin], "library/c");
    const sink = new KeepingSink();
    await repository.blob(descriptor).read({ sink });
    expect(sink.digest).toBe(descriptor.digest);
    expect(opened.notices.filter(({ text }) => text.includes("next endpoint"))).toHaveLength(2);
    const error = await failure(repository.resolve("nope"));
    expect(error.code).toBe("network");
    expect(error.details).toHaveLength(2);
  });

  testNeeding(needs, "fails everything pending within a second, with the reason it was given", async () => {
    await using silent = await startFaultProxy({ upstream: registry.origin, rules: [{ silence: true }] });
    await using limited = await startFaultProxy({
      upstream: registry.origin,
      rules: [{ answer: { status: 429, headers: { "retry-after": "60" } } }],
    });
    await using opened = openClient({ connectionsPerHost: 2 });
    const reason = new AceError("medium", "Cannot write the tape: it is full");
    const work = [silent.url, limited.url].flatMap((url) => {
      const repository = opened.repository(url, "library/c");
      // More than there are connections, so that some wait in undici's queue.
      return [1, 2, 3, 4, 5].flatMap(() => [
        repository.resolve("v1"),
        repository.listTags(),
        repository.blob(descriptor).read({ sink: new KeepingSink() }),
        repository.uploadBlob(descriptor, { async *open() {} }),
      ]);
    });
    const outcomes = Promise.allSettled(work);
    await Bun.sleep(300);
    const started = performance.now();
    opened.stop.abort(reason);
    for (const outcome of await outcomes) {
      expect(outcome).toEqual({ status: "rejected", reason });
    }
    expect(performance.now() - started).toBeLessThan(1000);
    expect(await failure(opened.repository(silent.url, "library/c").resolve("v1"))).toBe(reason);
  });

  testNeeding(needs, "fails what is pending when it is closed", async () => {
    await using silent = await startFaultProxy({ upstream: registry.origin, rules: [{ silence: true }] });
    const opened = openClient();
    const work = failure(opened.repository(silent.url, "library/c").resolve("v1"));
    await Bun.sleep(100);
    await opened.client.close();
    expect((await work).code).toBe("stopped");
  });

  testNeeding(
    needs,
    "copies inside a host to several repositories in step, with a connection for each",
    async () => {
      await using opened = openClient({ connectionsPerHost: 4 });
      const source = opened.repository(registry.origin, "library/c");
      const steps = new EventTarget();
      const chunks: Uint8Array[] = [];
      let ended = false;
      let taken = [0, 0, 0];
      // Three uploads in step: nobody gets chunk n + 1 before everybody has had chunk n.
      const body = (at: number) => ({
        async *open() {
          for (let next = 0; ; next++) {
            while (next >= chunks.length && !ended)
              await new Promise((resolve) => steps.addEventListener("step", resolve, { once: true }));
            const chunk = chunks[next];
            if (chunk === undefined) return;
            taken = taken.with(at, next + 1);
            steps.dispatchEvent(new Event("step"));
            yield chunk;
          }
        },
      });
      const uploads = [0, 1, 2].map((at) =>
        opened.repository(registry.origin, `library/copy${at}`).uploadBlob(descriptor, body(at)),
      );
      const read = source.blob(descriptor).read({
        sink: {
          write: async (chunk) => {
            chunks.push(chunk);
            steps.dispatchEvent(new Event("step"));
            while (taken.some((count) => count < chunks.length)) {
              await new Promise((resolve) => steps.addEventListener("step", resolve, { once: true }));
            }
          },
        },
      });
      await read;
      ended = true;
      steps.dispatchEvent(new Event("step"));
      await Promise.all(uploads);
      expect(await opened.repository(registry.origin, "library/copy2").hasBlob(descriptor)).toBe(true);
    },
  );

  testNeeding(
    needs,
    "takes the connection of a download that stands still when it is needed, and goes on",
    async () => {
      await using opened = openClient({ connectionsPerHost: 1 });
      const repository = opened.repository(registry.origin, "library/c");
      const room = Promise.withResolvers<void>();
      const sink = new KeepingSink();
      let chunks = 0;
      const read = repository.blob(descriptor).read({
        sink: {
          write: async (chunk) => {
            chunks++;
            await room.promise;
            sink.write(chunk);
          },
        },
      });
      while (chunks < 1) await Bun.sleep(1);
      expect(await repository.hasBlob(descriptor)).toBe(true);
      room.resolve();
      await read;
      expect(sink.digest).toBe(descriptor.digest);
      expect(opened.notices).toEqual([]);
    },
  );

  testNeeding(needs, "keeps its connection for many requests, HEADs too", async () => {
    await using opened = openClient({ connectionsPerHost: 1 });
    let connections = 0;
    const counting = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: () => {
          connections++;
        },
        data: (socket) => {
          socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        },
      },
    });
    const repository = opened.repository(`http://127.0.0.1:${counting.port}`, "library/c");
    for (let at = 0; at < 5; at++) expect(await repository.hasBlob(descriptor)).toBe(true);
    expect(connections).toBe(1);
    counting.stop(true);
  });

  testNeeding(needs, "sends its name, and a path prefix where the endpoint has one", async () => {
    const rules = [{ answer: { status: 404 } }];
    await using proxy = await startFaultProxy({ upstream: registry.origin, rules });
    await using opened = openClient();
    await opened.repository(`${proxy.url}/mirror`, "library/c").hasBlob(descriptor);
    expect(proxy.requests[0]?.path).toBe(`/mirror/v2/library/c/blobs/${descriptor.digest}`);
    expect(proxy.requests[0]?.headers["user-agent"]).toBe("ace-dt/test");
  });

  testNeeding(needs, "names the endpoint when nobody is there, at once, and sits out a restart", async () => {
    const port = await freePort();
    await using opened = openClient();
    const repository = opened.repository(`http://127.0.0.1:${port}`, "library/c");
    const started = performance.now();
    const error = await failure(repository.hasBlob(descriptor));
    expect(performance.now() - started).toBeLessThan(500);
    expect(error.code).toBe("network");
    expect(error.message).toContain(`http://127.0.0.1:${port}`);
    expect(error.message).toContain("nobody listens");
    const serve = () =>
      Bun.serve({ port, hostname: "127.0.0.1", fetch: () => new Response(null, { status: 404 }) });
    const before = serve();
    expect(await repository.hasBlob(descriptor)).toBe(false);
    await before.stop(true);
    const asked = repository.hasBlob(descriptor);
    await Bun.sleep(300);
    const after = serve();
    expect(await asked).toBe(false);
    await after.stop(true);
  });

  testNeeding(needs, "hints at http:// when the registry is plain", async () => {
    await using opened = openClient();
    const url = registry.origin.replace("http:", "https:");
    const error = await failure(opened.repository(url, "library/c").hasBlob(descriptor));
    expect(error.code).toBe("network");
    expect(error.hint).toContain(`http://${registry.host}`);
  });

  testNeeding(
    [program("openssl")],
    "believes only certificates it is told to believe, and asks once",
    async () => {
      await using dir = await tempDir();
      const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
      const files = ["-keyout", dir.file("key.pem"), "-out", dir.file("cert.pem")];
      Bun.spawnSync([
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        ...names,
        ...files,
      ]);
      const ca = await Bun.file(dir.file("cert.pem")).text();
      const key = await Bun.file(dir.file("key.pem")).text();
      let asked = 0;
      const server = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        tls: { key, cert: ca },
        fetch: () => {
          asked++;
          return new Response(null, { status: 404 });
        },
      });
      await using opened = openClient();
      const url = `https://127.0.0.1:${server.port}`;
      const started = performance.now();
      const error = await failure(opened.repository(url, "library/c").hasBlob(descriptor));
      expect(error.code).toBe("network");
      expect(error.message).toContain("not trusted");
      expect(error.hint).toContain(`/etc/docker/certs.d/127.0.0.1:${server.port}/`);
      expect(performance.now() - started).toBeLessThan(1000);
      expect(asked).toBe(0);
      for (const tls of [{ ca, insecureSkipVerify: false }, { insecureSkipVerify: true }]) {
        expect(await opened.repository([endpointAt(url, { tls })], "library/c").hasBlob(descriptor)).toBe(
          false,
        );
      }
      await server.stop(true);
    },
  );
});

test("RegistryClient() whose signal has fired already fails every call", async () => {
  const signal = AbortSignal.abort();
  const client = new RegistryClient({
    connections: newConnectionTable(1),
    gates: newHostGates(),
    userAgent: "x",
    signal,
  });
  const settings = { registry: "registry.test", endpoints: [endpointAt("http://127.0.0.1:9")] };
  const repository = client.repository({ settings, repository: "x" });
  expect((await failure(repository.resolve("v1"))).code).toBe("stopped");
  await client.close();
});

test("an endpoint that is no URL is refused as configuration", () => {
  const opened = openClient();
  expect(() => opened.repository("registry.test", "x")).toThrow("want http://host or https://host");
});
