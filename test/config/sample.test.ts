import { expect, test } from "bun:test";
import { parseConfig } from "../../src/config/read-file.ts";
import { sampleConfig } from "../../src/config/sample.ts";
import { fileSchema, registriesOf } from "../../src/config/schema.ts";

const uncommented = sampleConfig.replaceAll(/^# /gm, "");

test("the sample as it is sets nothing", () => {
  const content = parseConfig(sampleConfig, "sample.yaml");
  expect(Object.values(content).filter((value) => value !== undefined)).toHaveLength(2);
});

test("the sample with its comment marks taken off is a good file that sets every key there is", () => {
  const content = parseConfig(uncommented, "sample.yaml");
  for (const key of Object.keys(fileSchema.entries)) expect(content).toHaveProperty(key);
  expect(Object.values(content)).not.toContain(undefined);
  for (const key of [
    "endpoints",
    "rewritePull",
    "noncompliant",
    "endpointConfig",
    "insecureSkipVerify",
    "supportsReferrers",
  ]) {
    expect(uncommented).toMatch(new RegExp(`^ *${key}:`, "m"));
  }
  expect(registriesOf(content).map((registry) => registry.host)).toEqual([
    "docker.io",
    "localhost:5000",
    "artifactory.example.com",
  ]);
});

test("every setting of the sample stands below an explanation", () => {
  const lines = sampleConfig.split("\n");
  for (const key of Object.keys(fileSchema.entries).slice(2, 7)) {
    const at = lines.findIndex((line) => line.startsWith(`# ${key}:`));
    expect(at).toBeGreaterThan(0);
    if (key !== "registryConfig") expect(lines[at - 1]).toStartWith("## ");
  }
});
