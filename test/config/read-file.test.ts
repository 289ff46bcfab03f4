import { expect, test } from "bun:test";
import { parseConfig } from "../../src/config/read-file.ts";
import { endpointsOf, registriesOf } from "../../src/config/schema.ts";
import { AceError } from "../../src/errors.ts";

const head = "apiVersion: config.dt.act3-ace.io/v1alpha1\nkind: Configuration\n";

test.each([
  ["cachePaht: /x", ":3: key cachePaht: this key is not known"],
  ["concurrentHTTP: 0", ":3: key concurrentHTTP: want a whole number from 1 to 1000"],
  ["concurrentHTTP: 1001", ":3: key concurrentHTTP: want a whole number from 1 to 1000"],
  ["concurrentHTTP: 2.5", ":3: key concurrentHTTP: want a whole number from 1 to 1000"],
  ['concurrentHTTP: "5"', ":3: key concurrentHTTP: want a whole number from 1 to 1000"],
  ["cachePruneMax: lots", ":3: key cachePruneMax: want a size such as 500Mi"],
  ["chunkSize: -1", ":3: key chunkSize: want a size such as 500Mi"],
  [
    "\nregistryConfig:\n  registries:\n    a.io:\n      endpoint: []",
    ":7: key registryConfig.registries.a.io.endpoint: this key is not known",
  ],
  [
    "registryConfig:\n  registries:\n    a.io:\n      endpoints:\n        - https://ok\n        - ftp://a.io",
    ":8: key registryConfig.registries.a.io.endpoints.1: want http://host",
  ],
  [
    "registryConfig:\n  registries:\n    a.io:\n      endpoints: [https://user:secret@a.io]",
    ":6: key registryConfig.registries.a.io.endpoints.0: want http://host",
  ],
  [
    'registryConfig:\n  registries:\n    a.io:\n      rewritePull:\n        "(": x',
    ":7: key registryConfig.registries.a.io.rewritePull.(: it is no regular expression",
  ],
  [
    "registryConfig:\n  endpointConfig:\n    https://a.io:\n      supportsReferrers: yes-please",
    ":6: key registryConfig.endpointConfig.https://a.io.supportsReferrers: want auto, api or tag",
  ],
  [
    "registryConfig:\n  endpointConfig:\n    a.io: {}",
    ":5: key registryConfig.endpointConfig.a.io: want http://host",
  ],
  [
    "registryConfig:\n  endpointConfig:\n    https://a.io:\n      tls:\n        insecureSkipVerify: 1",
    ":7: key registryConfig.endpointConfig.https://a.io.tls.insecureSkipVerify: want true or false",
  ],
  ["registryConfig:\n  registires: {}", ":4: key registryConfig.registires: this key is not known"],
  ["registryConfig: 5", ":3: key registryConfig"],
  ["editor: a\neditor: b", ":4: Map keys must be unique"],
  ["editor: [a", "config.yaml:"],
  ["editor: a\n---\neditor: b", "a second YAML document"],
])("parseConfig() refuses %j and names the line and the key", (body, message) => {
  expect(() => parseConfig(head + body, "config.yaml")).toThrow(message);
});

test.each([
  ["kind: Configuration", ":1: key apiVersion"],
  [
    "apiVersion: config.dt.act3-ace.io/v2\nkind: Configuration",
    ":1: key apiVersion: want config.dt.act3-ace.io/v1alpha1",
  ],
  ["apiVersion: config.dt.act3-ace.io/v1alpha1\nkind: ConfigMap", ":2: key kind: want Configuration"],
  ["just text", ":1: want a mapping"],
])("parseConfig() refuses a file of another kind: %j", (text, message) => {
  expect(() => parseConfig(text, "config.yaml")).toThrow(message);
});

test("every complaint about a file is a config error that says how to see a good one", () => {
  try {
    parseConfig(`${head}nonsense: 1`, "config.yaml");
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(AceError);
    expect(error).toMatchObject({ code: "config", hint: expect.stringContaining("config --sample") });
  }
});

test.each([
  "registryConfig:\n  registries:\n    a.io:\n      endpoints: [https://user:secret@a.io]",
  "registryConfig:\n  endpointConfig:\n    https://user:secret@a.io: {}",
])("a message about credentials in %j does not repeat them", (body) => {
  try {
    parseConfig(head + body, "config.yaml");
    expect.unreachable();
  } catch (error) {
    expect(String(error)).not.toContain("secret");
  }
});

test("an empty file, or one of comments only, sets nothing", () => {
  for (const text of ["", "# nothing\n", "\uFEFF", "---\n"]) {
    expect(parseConfig(text, "config.yaml").concurrentHTTP).toBeUndefined();
  }
});

test("JSON and a byte order mark are read too", () => {
  const json = JSON.stringify({
    apiVersion: "config.dt.act3-ace.io/v1alpha1",
    kind: "Configuration",
    chunkSize: 1048576,
  });
  expect(parseConfig(`\uFEFF${json}`, "config.json").chunkSize).toBe(1048576);
});

test("the guide's shape, hosts right under registryConfig, is the same as registries", () => {
  // Quoted from the mirror guide, with its indentation mended.
  const content = parseConfig(
    `${head}registryConfig:
  index.docker.io:
    endpoints:
      - https://index.docker.io
      - http://localhost:5000
    rewritePull:
      "^rancher/(.*)": "ace/dt/rancher-images/$1"
      "^ubuntu/(.*)": "ace/dt/ubuntu-images/$1"
  nvcr.io:
    endpoints:
      - https://nvcr.io
  endpointConfig:
    https://nvcr.io:
      supportsReferrers: "tag"
    https://index.docker.io/:
      tls:
        insecureSkipVerify: true
`,
    "config.yaml",
  );
  expect(registriesOf(content)).toEqual([
    {
      host: "index.docker.io",
      endpoints: ["https://index.docker.io", "http://localhost:5000"],
      rewritePull: [
        { pattern: "^rancher/(.*)", replacement: "ace/dt/rancher-images/$1" },
        { pattern: "^ubuntu/(.*)", replacement: "ace/dt/ubuntu-images/$1" },
      ],
      noncompliant: false,
    },
    { host: "nvcr.io", endpoints: ["https://nvcr.io"], rewritePull: [], noncompliant: false },
  ]);
  expect(endpointsOf(content)).toEqual([
    { url: "https://nvcr.io", insecureSkipVerify: false, supportsReferrers: "tag" },
    { url: "https://index.docker.io", insecureSkipVerify: true, supportsReferrers: "auto" },
  ]);
});

test("rewritePull keeps the order of the file even for keys that look like numbers", () => {
  const content = parseConfig(
    `${head}registryConfig:\n  registries:\n    a.io:\n      rewritePull:\n        "b": x\n        "2": y\n        "1": z\n`,
    "config.yaml",
  );
  expect(registriesOf(content)[0]?.rewritePull.map((rule) => rule.pattern)).toEqual(["b", "2", "1"]);
});
