import { expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { serveRegistry } from "../../src/server/serve-registry.ts";
import { embedded } from "../support/embedded.ts";
import { imageOf } from "../support/images.ts";
import { pushArtifact } from "../support/push.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const start = (options: Partial<Parameters<typeof serveRegistry>[0]> = {}) =>
  serveRegistry({ listen: "127.0.0.1:0", readOnly: false, ...options });

/** Runs with TMPDIR in a directory of the test. */
async function withTemporary<T>(dir: TempDir, body: () => Promise<T>): Promise<T> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = dir.path;
  try {
    return await body();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

test("without dir, the registry lives in a temporary directory that close() removes", async () => {
  await using dir = await tempDir();
  await withTemporary(dir, async () => {
    const registry = await start();
    await pushArtifact(registry.url, "a", imageOf({ seed: "temporary" }), "v1");
    expect(readdirSync(dir.path)).toHaveLength(1);
    await Promise.all([registry.close(), registry.close()]);
    expect(readdirSync(dir.path)).toEqual([]);
    await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow();
  });
});

test("nothing is left when the start fails", async () => {
  await using dir = await tempDir();
  await using other = await start();
  await withTemporary(dir, async () => {
    await expect(start({ listen: other.address })).rejects.toMatchObject({ code: "network" });
    expect(readdirSync(dir.path)).toEqual([]);
  });
});

test("the signal closes the registry within a second, in the middle of a push and a stalled pull", async () => {
  await using dir = await tempDir();
  const controller = new AbortController();
  const registry = await start({ dir: dir.path, signal: controller.signal });
  const bytes = seededBytes("abort", 8_000_000);
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
  await fetch(`${registry.url}/v2/a/blobs/uploads/?digest=${digest}`, { method: "POST", body: bytes });
  const stalled = await fetch(`${registry.url}/v2/a/blobs/${digest}`);
  const endless = new ReadableStream({
    pull: (sink) => Bun.sleep(5).then(() => sink.enqueue(new Uint8Array(1000))),
  });
  const push = fetch(`${registry.url}/v2/a/blobs/uploads/?digest=${digest}`, {
    method: "POST",
    body: endless,
  });
  const ended = push.then(
    () => "answered",
    () => "cut",
  );
  await Bun.sleep(50);
  const before = performance.now();
  controller.abort();
  await registry.close();
  expect(performance.now() - before).toBeLessThan(1000);
  expect(await ended).toBe("cut");
  await stalled.body?.cancel();
  expect(readdirSync(dir.file("uploads"))).toEqual([]);
  expect(existsSync(dir.file("registry.lock"))).toBe(false);
});

test("a signal that has fired already starts nothing that stays", async () => {
  await using dir = await tempDir();
  const registry = await start({ dir: dir.path, signal: AbortSignal.abort() });
  await registry.close();
  await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow();
});

function certificate(dir: TempDir, name: string): { tlsCert: string; tlsKey: string } {
  const [tlsCert, tlsKey] = [dir.file(`${name}.crt`), dir.file(`${name}.key`)];
  const made = Bun.spawnSync(
    [
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
    ].concat([
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      "-keyout",
      tlsKey,
      "-out",
      tlsCert,
    ]),
  );
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return { tlsCert, tlsKey };
}

test("with a certificate and a key it speaks TLS, and only TLS", async () => {
  await using dir = await tempDir();
  const files = certificate(dir, "one");
  await using registry = await start(files);
  expect(registry.url).toBe(`https://${registry.address}`);
  const ca = await Bun.file(files.tlsCert).text();
  const response = await fetch(`${registry.url}/v2/`, { tls: { ca } });
  expect(response.status).toBe(200);
  await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow();
  await expect(fetch(`http://${registry.address}/v2/`)).rejects.toThrow();
});

test("files for TLS that cannot be used are one clear error", async () => {
  await using dir = await tempDir();
  const one = certificate(dir, "one");
  const two = certificate(dir, "two");
  writeFileSync(dir.file("junk"), "junk");
  const rows: [Partial<typeof one>, string, string][] = [
    [{ tlsCert: one.tlsCert }, "usage", "a certificate and its key go together"],
    [{ tlsKey: one.tlsKey }, "usage", "a certificate and its key go together"],
    [{ ...one, tlsCert: dir.file("none") }, "input", "Cannot read the TLS certificate"],
    [{ ...one, tlsKey: dir.file("none") }, "input", "Cannot read the TLS key"],
    [{ ...one, tlsCert: dir.file("junk") }, "input", "Cannot serve TLS"],
    [{ ...one, tlsKey: two.tlsKey }, "input", "Cannot serve TLS"],
  ];
  for (const [files, code, message] of rows) {
    const attempt = start(files);
    await expect(attempt).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  }
});

test("an address that cannot be had is one clear error", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const address = taken.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  try {
    const rows: [string, string, string][] = [
      [`127.0.0.1:${address.port}`, "network", "the port is in use"],
      ["203.0.113.7:0", "network", "this machine has no such address"],
      ["127.0.0.1", "usage", "want HOST:PORT"],
    ];
    for (const [listen, code, message] of rows) {
      await expect(start({ listen })).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
    }
  } finally {
    taken.close();
  }
});

test("the operator is warned of a registry that others can reach without password or without TLS", async () => {
  await using dir = await tempDir();
  writeFileSync(dir.file("htpasswd"), "ada:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n");
  await using open = await embedded({ listen: "0.0.0.0:0" });
  expect(open.notices).toEqual([expect.stringContaining("asks for no password")]);
  expect(open.origin).toMatch(/^http:\/\/127\.0\.0\.1:/);
  await using clear = await embedded({ listen: "0.0.0.0:0", htpasswd: dir.file("htpasswd") });
  expect(clear.notices).toEqual([expect.stringContaining("without TLS")]);
  await using local = await embedded();
  expect(local.notices).toEqual([]);
});

test("memory stays flat while 256 MB are pushed and pulled over eight connections", async () => {
  await using dir = await tempDir();
  const script = `
    import { serveRegistry } from ${JSON.stringify(new URL("../../src/server/serve-registry.ts", import.meta.url).pathname)};
    console.log((await serveRegistry({ listen: "127.0.0.1:0", dir: process.argv[1], readOnly: false })).url);
    process.on("SIGUSR2", () => console.log(/VmHWM:\\s+(\\d+)/.exec(require("node:fs").readFileSync("/proc/self/status", "utf8"))[1]));`;
  const child = Bun.spawn([process.execPath, "-e", script, dir.path], { stdout: "pipe", stderr: "inherit" });
  try {
    const reader = child.stdout.getReader();
    const line = async () => new TextDecoder().decode((await reader.read()).value).trim();
    const origin = await line();
    await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const bytes = seededBytes(`flat ${i}`, 32_000_000);
        const digest = `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
        const push = await fetch(`${origin}/v2/a/blobs/uploads/?digest=${digest}`, {
          method: "POST",
          body: bytes,
        });
        expect(push.status).toBe(201);
        const pulled = await fetch(`${origin}/v2/a/blobs/${digest}`);
        let length = 0;
        for await (const chunk of pulled.body!) length += chunk.length;
        expect(length).toBe(32_000_000);
      }),
    );
    child.kill("SIGUSR2");
    // Kilobytes, from proc(5): getrusage's figure begins with what the parent had. Measured: 75 000; the blobs in flight are 256 000.
    expect(Number(await line())).toBeLessThan(160_000);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
});
