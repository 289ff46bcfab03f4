import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load-config.ts";
import { Registries } from "../../src/config/registries.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ace-registries-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function registries(...lines: string[]): Promise<Registries> {
  const path = join(home, "config.yaml");
  writeFileSync(
    path,
    ["apiVersion: config.dt.act3-ace.io/v1alpha1", "kind: Configuration", ...lines].join("\n"),
  );
  const environment = { HOME: home, PATH: `${home}:/usr/bin:/bin` };
  return new Registries(await loadConfig({ configFlags: [path], environment }), environment);
}

test("without configuration a registry is its own https endpoint, localhost too", async () => {
  const all = await registries();
  expect(await all.settings("localhost:5000")).toEqual({
    registry: "localhost:5000",
    endpoints: [
      {
        url: "https://localhost:5000",
        tls: { insecureSkipVerify: false },
        referrers: "auto",
        singleContext: false,
      },
    ],
  });
});

test.each([
  ["docker.io", "https://registry-1.docker.io"],
  ["index.docker.io", "https://index.docker.io"],
  ["registry.example.com", "https://registry.example.com"],
  ["127.0.0.1:5000", "https://127.0.0.1:5000"],
  ["[::1]:5000", "https://[::1]:5000"],
])("%s is contacted at %s", async (registry, url) => {
  expect((await (await registries()).settings(registry)).endpoints[0]?.url).toBe(url);
});

test("configured endpoints replace the host, in order, and only http:// makes plain HTTP", async () => {
  const all = await registries(
    "registryConfig:",
    "  registries:",
    "    a.io:",
    "      noncompliant: true",
    "      endpoints: [https://mirror.example.com/prefix/, http://localhost:5000]",
    "  endpointConfig:",
    "    https://mirror.example.com/prefix:",
    "      supportsReferrers: tag",
    "    http://localhost:5000/:",
    "      supportsReferrers: api",
    "      tls: {insecureSkipVerify: true}",
  );
  expect((await all.settings("a.io")).endpoints).toEqual([
    {
      url: "https://mirror.example.com/prefix",
      tls: { insecureSkipVerify: false },
      referrers: "tag",
      singleContext: true,
    },
    {
      url: "http://localhost:5000",
      tls: { insecureSkipVerify: true },
      referrers: "api",
      singleContext: true,
    },
  ]);
});

test.each(["https://docker.io", "https://registry-1.docker.io/"])(
  "the Hub's endpoint can be configured as %s",
  async (url) => {
    const all = await registries(
      "registryConfig:",
      "  endpointConfig:",
      `    ${url}:`,
      "      supportsReferrers: tag",
    );
    const [endpoint] = (await all.settings("docker.io")).endpoints;
    if (url.includes("registry-1")) expect(endpoint?.referrers).toBe("tag");
    else {
      const named = await registries(
        "registryConfig:",
        "  registries: {docker.io: {endpoints: [https://docker.io]}}",
        "  endpointConfig:",
        `    ${url}: {supportsReferrers: tag}`,
      );
      expect((await named.settings("docker.io")).endpoints[0]).toMatchObject({
        url: "https://registry-1.docker.io",
        referrers: "tag",
      });
    }
  },
);

test("rewritePull changes what is pulled, never what is pushed", async () => {
  const all = await registries(
    "registryConfig:",
    "  registries:",
    "    docker.io:",
    "      rewritePull:",
    '        "^rancher/(.*)": "ace/dt/rancher-images/$1"',
    '        "^bad/.*": "UPPER"',
  );
  const reference = { registry: "docker.io", repository: "rancher/k3s" };
  expect((await all.pull(reference)).repository).toBe("ace/dt/rancher-images/k3s");
  expect((await all.push(reference)).repository).toBe("rancher/k3s");
  await expect(all.pull({ registry: "docker.io", repository: "bad/x" })).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining('rewritePull makes "UPPER" of it'),
  });
});

test("credentials and certificates are those of the host that is contacted", async () => {
  mkdirSync(join(home, ".docker/certs.d/mirror.example.com"), { recursive: true });
  writeFileSync(join(home, ".docker/certs.d/mirror.example.com/ca.pem"), "CA");
  const auth = (user: string) => ({ auth: Buffer.from(`${user}:x`).toString("base64") });
  writeFileSync(
    join(home, ".docker/config.json"),
    JSON.stringify({ auths: { "a.io": auth("upstream"), "mirror.example.com": auth("mirror") } }),
  );
  const all = await registries(
    "registryConfig:",
    "  registries: {a.io: {endpoints: [https://mirror.example.com]}}",
  );
  const [endpoint] = (await all.settings("a.io")).endpoints;
  expect(endpoint).toMatchObject({ credentials: { username: "mirror" }, tls: { ca: "CA" } });
});

test("many calls at once for one registry ask a credential helper once", async () => {
  mkdirSync(join(home, ".docker"));
  writeFileSync(join(home, ".docker/config.json"), JSON.stringify({ credsStore: "count" }));
  writeFileSync(
    join(home, "docker-credential-count"),
    `#!/bin/sh\ncat > /dev/null\necho asked >> ${home}/log\necho '{"Username":"u","Secret":"s"}'\n`,
    { mode: 0o755 },
  );
  const all = await registries();
  const answers = await Promise.all([1, 2, 3].map(() => all.settings("a.io")));
  expect(answers[0]).toBe(answers[2]!);
  expect(readFileSync(join(home, "log"), "utf8")).toBe("asked\n");
});

test("settings survive structured clone", async () => {
  const settings = await (await registries()).settings("a.io");
  expect(structuredClone(settings)).toEqual(settings);
});

test("a port that no URL can have is an error about the address", async () => {
  await expect((await registries()).settings("a.io:99999")).rejects.toMatchObject({ code: "input" });
});
