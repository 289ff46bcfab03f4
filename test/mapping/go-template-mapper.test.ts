/** Templates as mappers: through the file, with the descriptor as dot. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AceError } from "../../src/errors.ts";
import { parseMapper } from "../../src/mapping/parse-mapper.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";

const sourceKey = "vnd.act3-ace.manifest.source";

function image(source: string): Descriptor {
  return {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: "sha256:a203e1071d73c6452715eb819701cb49ca18e0dcd82fe13928de2724c4f2861f",
    size: 1024,
    annotations: { [sourceKey]: source },
  };
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ace-template-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function mapperOf(template: string) {
  const file = join(directory, "dest file.tmpl");
  writeFileSync(file, template);
  return await parseMapper(`go-template=${file}`);
}

async function destinations(template: string, source: string): Promise<readonly string[]> {
  return (await mapperOf(template)).destinations(image(source), source);
}

async function failureOf(act: () => Promise<unknown>): Promise<AceError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof AceError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

/** The guide's example; its quote is closed here, as Go demands it. */
const guide = `{{- $name := index .Annotations "vnd.act3-ace.manifest.source" -}}
secret.reg.example.com/{{ trimPrefix "reg.example.com/" $name -}}
{{ if hasPrefix "docker.io" $name }}
secret.reg.example.com/high/scatter/{{ trimPrefix "reg.example.com" $name -}}
{{- end -}}
`;

test("the guide's example sends an image of docker.io to two places", async () => {
  expect(await destinations(guide, "docker.io/konstin2/maturin:v1.0.1")).toEqual([
    "secret.reg.example.com/docker.io/konstin2/maturin:v1.0.1",
    "secret.reg.example.com/high/scatter/docker.io/konstin2/maturin:v1.0.1",
  ]);
});

test.each([
  ["quay.io/ceph/ceph:v17.2", "secret.reg.example.com/quay.io/ceph/ceph:v17.2"],
  ["reg.example.com/team/tool:1", "secret.reg.example.com/team/tool:1"],
])("the guide's example sends %s to one place", async (source, destination) => {
  expect(await destinations(guide, source)).toEqual([destination]);
});

test("the guide's example for clone keeps a digest", async () => {
  const [first = "", second = ""] = guide.split("\n");
  const source =
    "docker.io/konstin2/maturin@sha256:a203e1071d73c6452715eb819701cb49ca18e0dcd82fe13928de2724c4f2861f";
  expect(await destinations(`${first}\n${second}`, source)).toEqual([`secret.reg.example.com/${source}`]);
});

test("the functions for references answer to the original's names and to the guide's", async () => {
  const template = `{{ $s := index .Annotations "${sourceKey}" -}}
{{ Registry $s }} {{ Repository $s }} {{ Tag $s }} {{ Package $s }}
{{ registry $s }} {{ repository $s }} {{ tag $s }} {{ package $s }}.`;
  expect(await destinations(template, "docker.io/a/b:c")).toEqual([
    "docker.io a/b c a/b:c",
    "docker.io a/b c a/b:c.",
  ]);
});

test.each([
  ["nothing at all", "{{ if false }}x{{ end }}", []],
  ["only white space, as after the last line of a file", "{{ if false }}x{{ end }}\n", []],
  ["blank lines and blanks around a line", "\n  a.io/b:1 \r\n\n\tc.io/d:2\n", ["a.io/b:1", "c.io/d:2"]],
  ["the same line twice", "a.io/b:1\na.io/b:1\n", ["a.io/b:1"]],
])("an output of %s", async (_what, template, expected) => {
  expect(await destinations(template, "docker.io/a/b:c")).toEqual(expected);
});

test("a template that does not parse is named with line and reason before any image is asked for", async () => {
  const error = await failureOf(() => mapperOf("a\n{{ nope 1 }}"));
  expect(error.code).toBe("input");
  expect(error.message).toContain('dest file.tmpl: template: dest file.tmpl:2: function "nope" not defined');
});

test("a template that fails names the image, the place and the action", async () => {
  const error = await failureOf(() => destinations("x\n {{ .Nope }}", "docker.io/a/b:c"));
  expect(error.code).toBe("input");
  expect(error.message).toStartWith("Cannot map docker.io/a/b:c with template ");
  expect(error.message).toEndWith(
    'template: dest file.tmpl:2:4: executing "dest file.tmpl" at <.Nope>: can\'t evaluate field Nope in type v1.Descriptor',
  );
});

test("a limit that is passed names the image and the template", async () => {
  const error = await failureOf(() => destinations('{{ repeat 1000000000 "x" }}', "docker.io/a/b:c"));
  expect(error.message).toMatch(
    /^Cannot map docker\.io\/a\/b:c with template .*: more than \d+ bytes in one string$/,
  );
});

test("a file that is not there is named", async () => {
  const error = await failureOf(() => parseMapper(`go-template=${directory}/none.tmpl`));
  expect(error.message).toEndWith("none.tmpl: no such file");
});

test("ten thousand images go through a template of ten lines in under two seconds", async () => {
  const template = `{{- $name := index .Annotations "${sourceKey}" -}}
{{- $repository := Repository $name -}}
{{- $tag := Tag $name | default "latest" -}}
{{- if regexMatch "^docker[.]io/" $name }}
high.example.com/docker/{{ $repository | lower | trimPrefix "library/" }}:{{ $tag }}
{{- else if hasPrefix "quay.io" $name }}
high.example.com/quay/{{ $repository }}:{{ $tag | trunc 20 }}
{{- else }}
{{ range $place := list "a" "b" }}{{ printf "%s.example.com/%s@%s" $place $repository (toString $.Digest) }}
{{ end }}{{ end }}`;
  const mapper = await mapperOf(template);
  const sources = ["docker.io/library/alpine:3", "quay.io/ceph/ceph:v17.2", "ghcr.io/a/b:c"];
  const started = process.cpuUsage();
  let count = 0;
  for (let at = 0; at < 10_000; at++) {
    const source = sources[at % 3] ?? "";
    count += mapper.destinations(image(source), source).length;
  }
  expect(count).toBe(3334 + 3333 + 2 * 3333);
  // Of the processor, not of the clock: other tests may run beside this one.
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(6000);
});
