import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Config, Environment } from "../../src/config/config.ts";
import { findCredentials, openAuthFiles } from "../../src/config/credentials.ts";
import { loadConfig } from "../../src/config/load-config.ts";

let home: string;
let config: Config;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "ace-home-"));
  config = await loadConfig({ configFlags: [], environment: {} });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function write(name: string, content: unknown): string {
  const path = join(home, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** Puts a real helper program on PATH; `body` is its shell script, the server's key is in $server. */
function helper(name: string, body: string): Environment {
  const path = write(`bin/docker-credential-${name}`, `#!/bin/sh\nserver=$(cat)\n${body}\n`);
  chmodSync(path, 0o755);
  return { HOME: home, PATH: `${join(home, "bin")}:/usr/bin:/bin` };
}

async function lookUp(host: string, environment: Environment = { HOME: home }) {
  return findCredentials(host, await openAuthFiles(config, environment), environment);
}

const basic = (text: string) => ({ auth: Buffer.from(text).toString("base64") });

test.each([
  ["user and password", basic("me:pass"), { username: "me", password: "pass" }],
  ["a password with colons is split at the first", basic("me:a:b:c"), { username: "me", password: "a:b:c" }],
  ["trailing NULs go", basic("me:pass\0\0"), { username: "me", password: "pass" }],
  ["plain fields", { username: "me", password: "pass" }, { username: "me", password: "pass" }],
  ["an identity token", { ...basic("me:"), identitytoken: "tok" }, { username: "me", identityToken: "tok" }],
  ["an identity token alone", { identitytoken: "tok" }, { identityToken: "tok" }],
  ["a registry token", { ...basic("me:x"), registrytoken: "tok" }, { registryToken: "tok" }],
  ["an empty entry is none", {}, undefined],
  ["an undecodable entry is none", { auth: "***" }, undefined],
  ["an entry without a colon is none", basic("nocolon"), undefined],
  ["an entry of a wrong type is none", "text", undefined],
])("auths: %s", async (_name, entry, expected) => {
  write(".docker/config.json", { auths: { "a.io:5000": entry }, HttpHeaders: { x: 1 } });
  expect(await lookUp("a.io:5000")).toEqual(expected);
});

test.each(["docker.io", "registry-1.docker.io", "index.docker.io"])(
  "%s is looked up under the Hub's own key",
  async (host) => {
    write(".docker/config.json", { auths: { "https://index.docker.io/v1/": basic("hub:pass") } });
    expect(await lookUp(host)).toEqual({ username: "hub", password: "pass" });
  },
);

test("an exact key wins over an old one with scheme and path, which still counts", async () => {
  write(".docker/config.json", {
    auths: { "https://a.io/v1/": basic("old:x"), "a.io": basic("new:x"), "http://b.io/v2": basic("b:x") },
  });
  expect(await lookUp("a.io")).toMatchObject({ username: "new" });
  expect(await lookUp("b.io")).toMatchObject({ username: "b" });
});

test("a key for one namespace is not used for the whole host, and another port is another host", async () => {
  write(".docker/config.json", { auths: { "a.io/team": basic("team:x"), "a.io:5000": basic("port:x") } });
  expect(await lookUp("a.io")).toBeUndefined();
});

test("a host that is named like a property of every object has no credentials", async () => {
  write(".docker/config.json", { auths: {}, credHelpers: {} });
  expect(await lookUp("constructor")).toBeUndefined();
});

test("without HOME and without any file access is anonymous", async () => {
  expect(await lookUp("a.io", {})).toBeUndefined();
});

test("DOCKER_CONFIG names a directory", async () => {
  write("elsewhere/config.json", { auths: { "a.io": basic("me:x") } });
  expect(await lookUp("a.io", { DOCKER_CONFIG: join(home, "elsewhere") })).toMatchObject({ username: "me" });
});

test("DOCKER_AUTH_CONFIG holds the JSON itself and comes before the files", async () => {
  write(".docker/config.json", { auths: { "a.io": basic("file:x"), "b.io": basic("b:x") } });
  const environment = {
    HOME: home,
    DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { "a.io": basic("inline:x") } }),
  };
  expect(await lookUp("a.io", environment)).toMatchObject({ username: "inline" });
  expect(await lookUp("b.io", environment)).toMatchObject({ username: "b" });
});

test("Podman's auth.json is read after Docker's file, from the runtime directory first", async () => {
  write(".docker/config.json", { auths: { "a.io": basic("docker:x") } });
  write("run/containers/auth.json", { auths: { "a.io": basic("run:x"), "b.io": basic("run:x") } });
  write(".config/containers/auth.json", { auths: { "b.io": basic("user:x"), "c.io": basic("user:x") } });
  const environment = { HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
  expect(await lookUp("a.io", environment)).toMatchObject({ username: "docker" });
  expect(await lookUp("b.io", environment)).toMatchObject({ username: "run" });
  expect(await lookUp("c.io", environment)).toMatchObject({ username: "user" });
});

test("a named auth file is the only one that is read, and may not exist yet", async () => {
  write(".docker/config.json", { auths: { "a.io": basic("docker:x"), "b.io": basic("docker:x") } });
  const only = write("only.json", { auths: { "a.io": basic("only:x") } });
  config = { ...config, registryAuthFile: only };
  expect(await lookUp("a.io")).toMatchObject({ username: "only" });
  expect(await lookUp("b.io")).toBeUndefined();
  config = { ...config, registryAuthFile: join(home, "none.json") };
  expect(await lookUp("a.io")).toBeUndefined();
});

test.each([
  ["{", "it is no JSON object"],
  ["[]", "it is no JSON object"],
  ['{"auths":{"a.io":{"auth":"c2VjcmV0"}},"credsStore":5}', "key credsStore has the wrong type"],
])("an auth file that says %s is an error without its content", async (text, message) => {
  const path = write(".docker/config.json", text);
  await expect(lookUp("a.io")).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining(path),
  });
  await expect(lookUp("a.io")).rejects.toThrow(message);
  await expect(lookUp("a.io")).rejects.not.toThrow("c2VjcmV0");
});

test("a helper for the host wins over the store, and the store over auths", async () => {
  const environment = helper("one", `echo '{"ServerURL":"x","Username":"one","Secret":"1"}'`);
  helper("all", `echo '{"Username":"all","Secret":"2"}'`);
  const auths = { "a.io": basic("plain:x"), "b.io": basic("plain:x") };
  write(".docker/config.json", { auths, credsStore: "all", credHelpers: { "a.io": "one" } });
  expect(await lookUp("a.io", environment)).toEqual({ username: "one", password: "1" });
  expect(await lookUp("b.io", environment)).toEqual({ username: "all", password: "2" });
});

test("a helper gets the verb get and the server's key on its input, and <token> means an identity token", async () => {
  const environment = helper(
    "tok",
    `echo "$1 $server" > ${home}/asked\necho '{"Username":"<token>","Secret":"refresh"}'`,
  );
  write(".docker/config.json", { credsStore: "tok" });
  expect(await lookUp("registry-1.docker.io", environment)).toEqual({ identityToken: "refresh" });
  expect(readFileSync(join(home, "asked"), "utf8")).toBe("get https://index.docker.io/v1/\n");
});

test("a helper that has nothing is no error, and auths are used", async () => {
  const environment = helper("none", `echo "credentials not found in native keychain"; exit 1`);
  write(".docker/config.json", { credsStore: "none", auths: { "a.io": basic("plain:x") } });
  expect(await lookUp("a.io", environment)).toMatchObject({ username: "plain" });
});

test("a helper that never reads its input still answers", async () => {
  const environment = helper("deaf", "");
  writeFileSync(
    join(home, "bin/docker-credential-deaf"),
    `#!/bin/sh\necho '{"Username":"u","Secret":"s"}'\n`,
  );
  write(".docker/config.json", { credsStore: "deaf" });
  expect(await lookUp("a.io", environment)).toEqual({ username: "u", password: "s" });
});

test.each([
  ["fails", "echo secret-output; exit 3", "it ended with exit code 3"],
  ["answers no JSON", "echo secret-output", "its answer is not the JSON of a credential"],
])("a helper that %s is an error that does not repeat its output", async (_name, body, message) => {
  const environment = helper("bad", body);
  write(".docker/config.json", { credHelpers: { "a.io": "bad" } });
  await expect(lookUp("a.io", environment)).rejects.toThrow(message);
  await expect(lookUp("a.io", environment)).rejects.not.toThrow("secret-output");
});

test.each([
  ["missing-program", "there is no such program on PATH"],
  ["../../evil", "that is no name of a helper"],
])("credHelpers that name %s are an error", async (name, message) => {
  write(".docker/config.json", { credHelpers: { "a.io": name } });
  await expect(lookUp("a.io", { HOME: home, PATH: "/usr/bin:/bin" })).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining(message),
  });
});
