import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadConfig } from "../../src/config/load-config.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ace-config-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Writes a file with the given keys below the temporary directory and returns its path. */
function file(name: string, ...lines: string[]): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    ["apiVersion: config.dt.act3-ace.io/v1alpha1", "kind: Configuration", ...lines, ""].join("\n"),
  );
  return path;
}

test("without any file and without HOME the defaults hold and nothing crashes", async () => {
  expect(await loadConfig({ configFlags: [], environment: {} })).toEqual({
    file: undefined,
    cachePath: undefined,
    isCacheNamed: false,
    cachePruneMax: 500 * 1024 * 1024,
    chunkSize: 100 * 1024 * 1024,
    concurrentHTTP: 25,
    registryAuthFile: undefined,
    registries: [],
    endpoints: [],
  });
});

test("the configuration survives structured clone", async () => {
  const path = file("a.yaml", "registryConfig:", "  registries:", "    a.io:", "      rewritePull: {a: b}");
  const config = await loadConfig({ configFlags: [path], environment: {} });
  expect(structuredClone(config)).toEqual(config);
});

test("the user's file is found below XDG_CONFIG_HOME, and below ~/.config without it", async () => {
  const inXdg = file("xdg/ace/dt/config.yaml", "concurrentHTTP: 2");
  const inHome = file("home/.config/ace/dt/config.yaml", "concurrentHTTP: 3");
  const HOME = join(directory, "home");
  const both = await loadConfig({
    configFlags: [],
    environment: { HOME, XDG_CONFIG_HOME: join(directory, "xdg") },
  });
  expect(both).toMatchObject({ file: inXdg, concurrentHTTP: 2 });
  const home = await loadConfig({ configFlags: [], environment: { HOME } });
  expect(home).toMatchObject({ file: inHome, concurrentHTTP: 3, cachePath: join(HOME, ".cache/ace/dt") });
});

test("ACE_DT_CONFIG is a list that replaces the usual places; the first file that exists is used alone", async () => {
  file("home/.config/ace/dt/config.yaml", "concurrentHTTP: 3");
  const first = file("first.yaml", "chunkSize: 1Mi");
  const second = file("second.yaml", "concurrentHTTP: 9");
  const config = await loadConfig({
    configFlags: [],
    environment: {
      HOME: join(directory, "home"),
      ACE_DT_CONFIG: `${directory}/none.yaml:${first}:${second}`,
    },
  });
  expect(config).toMatchObject({ file: first, chunkSize: 1048576, concurrentHTTP: 25 });
});

test("--config replaces ACE_DT_CONFIG, and the first of several that exists is used", async () => {
  const other = file("other.yaml");
  const mine = file("mine.yaml");
  const config = await loadConfig({
    configFlags: [join(directory, "missing.yaml"), mine],
    environment: { ACE_DT_CONFIG: other },
  });
  expect(config.file).toBe(mine);
});

test.each([
  ["the command line", (path: string) => ({ configFlags: [path], environment: {} })],
  ["ACE_DT_CONFIG", (path: string) => ({ configFlags: [], environment: { ACE_DT_CONFIG: path } })],
])("%s that names no existing file is an error", async (by, search) => {
  const path = join(directory, "missing.yaml");
  await expect(loadConfig(search(path))).rejects.toMatchObject({
    code: "config",
    message: `Cannot read configuration ${path}: no such file`,
    hint: expect.stringContaining(by),
  });
});

test("a file that exists and cannot be read is an error, even when a later one could be", async () => {
  const good = file("good.yaml");
  await expect(loadConfig({ configFlags: [directory, good], environment: {} })).rejects.toThrow("EISDIR");
});

test("a bad file is an error and never ignored", async () => {
  const bad = file("bad.yaml", "concurrentHTTP: many");
  await expect(loadConfig({ configFlags: [bad], environment: {} })).rejects.toThrow(
    `Cannot read configuration ${bad}:3: key concurrentHTTP: want a whole number from 1 to 1000`,
  );
});

test("the environment wins over the file", async () => {
  const path = file(
    "a.yaml",
    "cachePath: /a",
    "cachePruneMax: 1Mi",
    "chunkSize: 2Mi",
    "concurrentHTTP: 3",
    "registryAuthFile: /a.json",
  );
  const environment = {
    ACE_DT_CACHE_PATH: "/b",
    ACE_DT_CACHE_PRUNE_MAX: "5Mi",
    ACE_DT_CHUNK_SIZE: "0",
    ACE_DT_CONCURRENT_HTTP: "7",
    ACE_DT_REGISTRY_AUTH_FILE: "/b.json",
    REGISTRY_AUTH_FILE: "/c.json",
  };
  expect(await loadConfig({ configFlags: [path], environment })).toMatchObject({
    cachePath: "/b",
    isCacheNamed: true,
    cachePruneMax: 5 * 1024 * 1024,
    chunkSize: 0,
    concurrentHTTP: 7,
    registryAuthFile: "/b.json",
  });
});

test("REGISTRY_AUTH_FILE is used when neither the file nor ACE_DT_REGISTRY_AUTH_FILE names one", async () => {
  const environment = { REGISTRY_AUTH_FILE: "/c.json" };
  expect((await loadConfig({ configFlags: [], environment })).registryAuthFile).toBe("/c.json");
  const path = file("a.yaml", "registryAuthFile: /a.json");
  expect((await loadConfig({ configFlags: [path], environment })).registryAuthFile).toBe("/a.json");
});

test.each([
  ["the file names it", "cachePath: /a", {}, true],
  ["the environment names it", "chunkSize: 1Mi", { ACE_DT_CACHE_PATH: "/a" }, true],
  ["nobody names it", "chunkSize: 1Mi", {}, false],
  ["the file leaves it empty", 'cachePath: ""', {}, false],
  ["the environment switches it off", "cachePath: /a", { ACE_DT_CACHE_PATH: "" }, false],
])("the store is to be filled only when its place is named: %s", async (_, line, variables, named) => {
  const environment = { HOME: "/home/someone", ...variables };
  const config = await loadConfig({ configFlags: [file("a.yaml", line)], environment });
  expect(config.isCacheNamed).toBe(named);
});

test("an empty ACE_DT_CACHE_PATH switches the store off, an empty cachePath does not", async () => {
  const path = file("a.yaml", 'cachePath: ""');
  const environment = { HOME: "/home/someone" };
  expect((await loadConfig({ configFlags: [path], environment })).cachePath).toBe(
    "/home/someone/.cache/ace/dt",
  );
  const off = { ...environment, ACE_DT_CACHE_PATH: "" };
  expect((await loadConfig({ configFlags: [path], environment: off })).cachePath).toBeUndefined();
});

test.each([
  ["ACE_DT_CONCURRENT_HTTP", "0"],
  ["ACE_DT_CONCURRENT_HTTP", "1001"],
  ["ACE_DT_CONCURRENT_HTTP", "-5"],
  ["ACE_DT_CONCURRENT_HTTP", "many"],
  ["ACE_DT_CHUNK_SIZE", "big"],
  ["ACE_DT_CACHE_PRUNE_MAX", "-1"],
])("%s=%s is an error that names the variable", async (name, value) => {
  await expect(loadConfig({ configFlags: [], environment: { [name]: value } })).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining(`${name}="${value}"`),
  });
});
