/** The mirror guide's own examples: its files, its image and the destinations that it names, quoted. */
import { expect, test } from "bun:test";
import { parseMapper } from "../../src/mapping/parse-mapper.ts";
import * as annotationKeys from "../../src/oci/annotations.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { tempDir } from "../support/temp-dir.ts";

const digest = "sha256:a203e1071d73c6452715eb819701cb49ca18e0dcd82fe13928de2724c4f2861f";

/** Where a mapper with this file sends an image that was gathered from `source`. */
async function destinations(kind: string, content: string, source: string): Promise<readonly string[]> {
  await using dir = await tempDir();
  await Bun.write(dir.file("destfile"), content);
  return await mapped(`${kind}=${dir.file("destfile")}`, source);
}

async function mapped(mapper: string, source: string): Promise<readonly string[]> {
  const descriptor: Descriptor = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest,
    size: 2,
    annotations: { [annotationKeys.manifestSource]: source, [annotationKeys.refName]: source },
  };
  return (await parseMapper(mapper)).destinations(descriptor, source);
}

const prefixes = `docker.io/,secret.reg.example.com/docker.io/
docker.io/,secret.froggy.example.com/docker.io/
docker.io/library/,secret.reg.example.com/docker.io/library
`;

test("all-prefix: 'would be distributed to the locations of ... and .... It would not be sent to the third repository'", async () => {
  expect(await destinations("all-prefix", prefixes, "docker.io/konstin2/maturin")).toEqual([
    "secret.reg.example.com/docker.io/konstin2/maturin",
    "secret.froggy.example.com/docker.io/konstin2/maturin",
  ]);
});

test("first-prefix: 'would only be distributed to the first location'", async () => {
  expect(await destinations("first-prefix", prefixes, "docker.io/konstin2/maturin")).toEqual([
    "secret.reg.example.com/docker.io/konstin2/maturin",
  ]);
});

const longest = `docker.io/,secret.reg.example.com/docker.io/
docker.io/konstin2/,secret.froggy.example.com/docker.io/
docker.io/library/,secret.reg.example.com/docker.io/library
`;

// The guide goes on to name `secret.froggy.example.com/docker.io/konstin2/maturin`, but a prefix is replaced, as in its other examples
// and in the original: `konstin2/` is part of this one.
test("longest-prefix: 'would be distributed to the second location ... because it has the longest prefix match'", async () => {
  expect(await destinations("longest-prefix", longest, "docker.io/konstin2/maturin")).toEqual([
    "secret.froggy.example.com/docker.io/maturin",
  ]);
});

test("longest-prefix: the place that the guide names for its image takes `konstin2/` at the end of the second column", async () => {
  const mended = longest.replace("froggy.example.com/docker.io/", "froggy.example.com/docker.io/konstin2/");
  expect(await destinations("longest-prefix", mended, "docker.io/konstin2/maturin")).toEqual([
    "secret.froggy.example.com/docker.io/konstin2/maturin",
  ]);
});

const digests = `sha256:a203e1071d73c6452715eb819701cb49ca18e0dcd82fe13928de2724c4f2861f,secret.reg.example.com/docker.io/
sha256:4a59234a43f552820a807abafd092ccfd2786440de873e12588d9926e3216f02,secret.froggy.example.com/docker.io/
sha256:ed5262412dc05cfd143d62c7791a04bf5694ad68c0663a4b42cf0c09a2716733,secret.reg.example.com/docker.io/library
`;

test("digests: 'would be distributed to the first location ... because the digests match'", async () => {
  expect(await destinations("digests", digests, `docker.io/konstin2/maturin@${digest}`)).toEqual([
    "secret.reg.example.com/docker.io/konstin2/maturin",
  ]);
});

test.each([
  ["quay.io/ceph/ceph:v17.2", "localhost:5000/quay.io/ceph/ceph:v17.2"],
  ["docker.io/curlimages/curl:7.73.0", "localhost:5000/docker.io/curlimages/curl:7.73.0"],
  [`docker.io/konstin2/maturin@${digest}`, `localhost:5000/docker.io/konstin2/maturin@${digest}`],
])("nest=localhost:5000 (under unarchive): %s is scattered to %s", async (source, destination) => {
  expect(await mapped("nest=localhost:5000", source)).toEqual([destination]);
  expect(await mapped("nest=localhost:5000/", source)).toEqual([destination]);
});

const scatterTemplate = `{{- $annotation := index .Annotations "org.opencontainers.image.ref.name" -}}
localhost:5000/{{ $annotation }}
`;

test.each([
  ["index.docker.io/library/busybox:1.36.1", "localhost:5000/index.docker.io/library/busybox:1.36.1"],
  [
    "reg.git.act3-ace.com/ace/data/tool/bottle/mnist:v1.6",
    "localhost:5000/reg.git.act3-ace.com/ace/data/tool/bottle/mnist:v1.6",
  ],
])("scatter.tmpl: %s 'would be mapped to' %s", async (source, destination) => {
  expect(await destinations("go-template", scatterTemplate, source)).toEqual([destination]);
});

// Without the "added numbered lines for reference".
const twoRules = `{{- $name := index .Annotations "vnd.act3-ace.manifest.source -}}
secret.reg.example.com/{{ trimPrefix "reg.example.com/" $name -}}
{{ if hasPrefix "docker.io" $name }}
secret.reg.example.com/high/scatter/{{ trimPrefix "reg.example.com" $name -}}
{{- end -}}
`;
const withQuote = (template: string) => template.replace("manifest.source -}}", 'manifest.source" -}}');

test("go-template: the guide forgot a quote, which is an error that names file and line", async () => {
  await expect(destinations("go-template", twoRules, "docker.io/konstin2/maturin")).rejects.toMatchObject({
    code: "input",
    message: expect.stringContaining("template: destfile:1: unterminated quoted string"),
  });
});

test("go-template: with the quote an image is 'sent to' the first place and 'would also be sent to' the second", async () => {
  expect(await destinations("go-template", withQuote(twoRules), "docker.io/konstin2/maturin")).toEqual([
    "secret.reg.example.com/docker.io/konstin2/maturin",
    "secret.reg.example.com/high/scatter/docker.io/konstin2/maturin",
  ]);
});

test("go-template: the second rule 'checks to see if an image originates from a docker.io registry'", async () => {
  expect(await destinations("go-template", withQuote(twoRules), "reg.example.com/team/app:1")).toEqual([
    "secret.reg.example.com/team/app:1",
  ]);
});

const cloneTemplate = `{{- $name := index .Annotations "vnd.act3-ace.manifest.source -}}
secret.reg.example.com/{{ trimPrefix "reg.example.com/" $name -}}
`;

test.each([
  ["quay.io/ceph/ceph:v17.2", "secret.reg.example.com/quay.io/ceph/ceph:v17.2"],
  ["docker.io/curlimages/curl:7.73.0", "secret.reg.example.com/docker.io/curlimages/curl:7.73.0"],
  [`docker.io/konstin2/maturin@${digest}`, `secret.reg.example.com/docker.io/konstin2/maturin@${digest}`],
])("go-template (under clone, with the quote): %s 'would be cloned to' %s", async (source, destination) => {
  expect(await destinations("go-template", withQuote(cloneTemplate), source)).toEqual([destination]);
});

test.each([
  ["tag", "v17.2"],
  ["repository", "ceph/ceph"],
  ["registry", "quay.io"],
  ["package", "ceph/ceph:v17.2"],
])("go-template: %s, as the guide writes it and as the original has it, is %s", async (name, expected) => {
  for (const written of [name, name.replace(/^./, (letter) => letter.toUpperCase())]) {
    const template = `x.io/{{ index .Annotations "vnd.act3-ace.manifest.source" | ${written} }}`;
    expect(await destinations("go-template", template, "quay.io/ceph/ceph:v17.2")).toEqual([
      `x.io/${expected}`,
    ]);
  }
});
