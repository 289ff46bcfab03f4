import { describe, expect, test } from "bun:test";
import { AceError } from "../../src/errors.ts";
import { formatReference, parseReference } from "../../src/oci/reference.ts";
import orasRows from "../data/vectors/oras-reference.json" with { type: "json" };
import docker from "../data/vectors/reference.json" with { type: "json" };

interface OrasRow {
  input: string;
  registry?: string;
  repository?: string;
  reference?: string;
  error?: boolean;
}

const rows: readonly OrasRow[] = orasRows;

describe("parseReference() agrees with oras-go on", () => {
  test.each(rows.filter((row) => row.error !== true))("$input", (row) => {
    const reference = parseReference(row.input);
    expect(reference.registry).toBe(row.registry ?? "");
    expect(reference.repository).toBe(row.repository ?? "");
    expect(reference.digest ?? reference.tag ?? "").toBe(row.reference ?? "");
    expect(parseReference(formatReference(reference))).toMatchObject({
      registry: reference.registry,
      repository: reference.repository,
    });
  });
  test.each(rows.filter((row) => row.error === true))("the error of $input", ({ input }) => {
    expect(() => parseReference(input)).toThrow(AceError);
  });
});

describe("parseReference() refuses as repository what distribution/reference refuses", () => {
  // `name:8080` is a name and a tag once a registry stands before it.
  const bad = docker.name_regexp.filter(({ input, match }) => match === "false" && !input.includes(":"));
  test.each(bad)("$input", ({ input }) => {
    expect(() => parseReference(`registry.test/${input}`)).toThrow(AceError);
  });
});

describe("parseReference() takes distribution/reference's full names", () => {
  test.each(docker.repository_info.filter(({ Domain }) => Domain !== "docker.io"))("$FullName", (row) => {
    const reference = parseReference(row.FullName);
    expect(reference.registry).toBe(row.Domain);
    expect(reference.repository).toBe(row.RemoteName);
  });
});

test("parseReference() takes a long bad name without trying for long", () => {
  const started = process.cpuUsage();
  expect(() => parseReference(`r/${"a".repeat(5000)}!`)).toThrow(AceError);
  expect(() => parseReference(`r/${"a-".repeat(100)}!`)).toThrow(AceError);
  // Trying every way to part it would take longer than anybody waits.
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(2000);
});

test("parseReference() keeps what the user wrote: no Docker names are made up", () => {
  expect(() => parseReference("ubuntu")).toThrow("no registry or no repository");
  expect(parseReference("docker.io/ubuntu")).toEqual({ registry: "docker.io", repository: "ubuntu" });
});
