import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseMapper } from "../../src/mapping/parse-mapper.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";

const image: Descriptor = {
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  digest: "sha256:a203e1071d73c6452715eb819701cb49ca18e0dcd82fe13928de2724c4f2861f",
  size: 2,
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ace-mapping-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function destinations(
  kind: string,
  source: string,
  csv: string,
  descriptor = image,
): Promise<readonly string[]> {
  const file = join(directory, "destfile.csv");
  writeFileSync(file, csv);
  return (await parseMapper(`${kind}=${file}`)).destinations(descriptor, source);
}

// The three files are quoted from the mirror guide.
const guidePrefixes = `docker.io/,secret.reg.example.com/docker.io/
docker.io/,secret.froggy.example.com/docker.io/
docker.io/library/,secret.reg.example.com/docker.io/library
`;
const guideLongest = `docker.io/,secret.reg.example.com/docker.io/
docker.io/konstin2/,secret.froggy.example.com/docker.io/
docker.io/library/,secret.reg.example.com/docker.io/library
`;
const guideDigests = `sha256:a203e1071d73c6452715eb819701cb49ca18e0dcd82fe13928de2724c4f2861f,secret.reg.example.com/docker.io/
sha256:4a59234a43f552820a807abafd092ccfd2786440de873e12588d9926e3216f02,secret.froggy.example.com/docker.io/
sha256:ed5262412dc05cfd143d62c7791a04bf5694ad68c0663a4b42cf0c09a2716733,secret.reg.example.com/docker.io/library
`;

test("all-prefix sends the guide's image to both registries and not to the third row's", async () => {
  expect(await destinations("all-prefix", "docker.io/konstin2/maturin", guidePrefixes)).toEqual([
    "secret.reg.example.com/docker.io/konstin2/maturin",
    "secret.froggy.example.com/docker.io/konstin2/maturin",
  ]);
});

test("first-prefix sends the guide's image to the first location only", async () => {
  expect(await destinations("first-prefix", "docker.io/konstin2/maturin", guidePrefixes)).toEqual([
    "secret.reg.example.com/docker.io/konstin2/maturin",
  ]);
});

test("longest-prefix sends the guide's image to the second location", async () => {
  expect(await destinations("longest-prefix", "docker.io/konstin2/maturin", guideLongest)).toEqual([
    "secret.froggy.example.com/docker.io/maturin",
  ]);
});

test("digests sends the guide's image to the first location, whose trailing slash is no part of a repository", async () => {
  expect(await destinations("digests", "docker.io/konstin2/maturin", guideDigests)).toEqual([
    "secret.reg.example.com/docker.io",
  ]);
});

test.each([
  ["quay.io/ceph/ceph:v17.2", "localhost:5000/quay.io/ceph/ceph:v17.2"],
  ["docker.io/curlimages/curl:7.73.0", "localhost:5000/docker.io/curlimages/curl:7.73.0"],
  [`docker.io/konstin2/maturin@${image.digest}`, `localhost:5000/docker.io/konstin2/maturin@${image.digest}`],
])("nest=localhost:5000 sends the guide's %s to %s", async (source, destination) => {
  expect((await parseMapper("nest=localhost:5000")).destinations(image, source)).toEqual([destination]);
  expect((await parseMapper("nest=localhost:5000/")).destinations(image, source)).toEqual([destination]);
});

test.each([
  [
    "longest-prefix",
    "of equally long prefixes the last row counts",
    "a.io/,x.io/\na.io/,y.io/\n",
    "a.io/b:1",
    ["y.io/b:1"],
  ],
  ["longest-prefix", "no match is no destination and no error", "a.io/,x.io/\n", "b.io/b:1", []],
  ["first-prefix", "no match is no destination", "a.io/,x.io/\n", "b.io/b:1", []],
  ["all-prefix", "an empty prefix never matches", ",x.io/\n", "b.io/b:1", []],
  ["longest-prefix", "an empty prefix never matches", ",x.io/\n", "b.io/b:1", []],
  ["all-prefix", "the same destination twice is one", "a.io/,x.io/\na.io/,x.io/\n", "a.io/b:1", ["x.io/b:1"]],
  [
    "first-prefix",
    "comments, blanks, CRLF and a byte order mark",
    "\uFEFF# c, d, e\r\n\r\n  a.io/ , x.io/ \r\n",
    "a.io/b:1",
    ["x.io/b:1"],
  ],
  ["first-prefix", "the whole reference can be the prefix", "a.io/b:1,x.io/c:2\n", "a.io/b:1", ["x.io/c:2"]],
  ["first-prefix", "an empty file matches nothing", "", "a.io/b:1", []],
])("%s: %s", async (kind, _name, csv, source, expected) => {
  expect(await destinations(kind, source, csv)).toEqual(expected);
});

test("digests: every row with the digest counts, a heading is let through", async () => {
  const csv = `digest,to\n${image.digest},x.io/a:1\n${image.digest},x.io/b:1\n`;
  expect(await destinations("digests", "a.io/b:1", csv)).toEqual(["x.io/a:1", "x.io/b:1"]);
});

test.each([
  ["all-prefix", "a.io/,x.io/\na.io/\n", "destfile.csv:2: it has 1 column, not 2"],
  ["all-prefix", "# c\na,b,c\n", "destfile.csv:2: it has 3 columns, not 2"],
  ["first-prefix", "a.io/,\n", "destfile.csv:1: the second column is empty"],
  ["longest-prefix", 'a.io/,"x\n', "destfile.csv:1:"],
  ["digests", "digest,to\nsha256:abc,x.io/a\n", 'destfile.csv:2: "sha256:abc" is no digest'],
])("%s refuses the file %j and names the line", async (kind, csv, message) => {
  await expect(destinations(kind, "a.io/b:1", csv)).rejects.toMatchObject({
    code: "input",
    message: expect.stringContaining(message),
  });
});

test.each([
  ["nest", "want TYPE=ARGUMENT"],
  ["destfile.csv", "want TYPE=ARGUMENT"],
  ["nest=", "there is nothing behind the ="],
  ["nested=x", 'there is no mapper of type "nested"'],
  ["go-template=x.tmpl", 'there is no mapper of type "go-template"'],
  ["constructor=x", 'there is no mapper of type "constructor"'],
  ["=x", 'there is no mapper of type ""'],
])("parseMapper() refuses %s and lists the kinds there are", async (text, message) => {
  await expect(parseMapper(text)).rejects.toMatchObject({
    code: "usage",
    message: expect.stringContaining(message),
    hint: expect.stringContaining(
      "nest=REPOSITORY, first-prefix=FILE, all-prefix=FILE, longest-prefix=FILE, digests=FILE",
    ),
  });
});

test("parseMapper() names a file that is not there", async () => {
  await expect(parseMapper(`digests=${directory}/none.csv`)).rejects.toThrow(
    `${directory}/none.csv: no such file`,
  );
});
