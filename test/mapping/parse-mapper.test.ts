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
  ["first-prefix", "an empty second column takes the prefix off", "a.io/,\n", "a.io/b.io/c:1", ["b.io/c:1"]],
  [
    "first-prefix",
    "only the first of several rows counts",
    "a.io/b,x.io/\na.io/,y.io/\n",
    "a.io/b:1",
    ["x.io/:1"],
  ],
  ["first-prefix", "the prefix is taken off once", "a.io/,x.io/\n", "a.io/a.io/b:1", ["x.io/a.io/b:1"]],
  [
    "all-prefix",
    "in the order of the file",
    "a.io/b,x.io/b\na.io/,y.io/\n",
    "a.io/b:1",
    ["x.io/b:1", "y.io/b:1"],
  ],
  ["all-prefix", "capitals count", "A.io/,x.io/\n", "a.io/b:1", []],
  [
    "longest-prefix",
    "a longer row that does not match is passed over",
    "a.io/,x.io/\na.io/c/d,y.io/\n",
    "a.io/b:1",
    ["x.io/b:1"],
  ],
  ["longest-prefix", "wherever it stands", "a.io/b,x.io/b\na.io/,y.io/\n", "a.io/b:1", ["x.io/b:1"]],
])("%s: %s", async (kind, _name, csv, source, expected) => {
  expect(await destinations(kind, source, csv)).toEqual(expected);
});

test("digests: a row with an empty first column never matches", async () => {
  expect(await destinations("digests", "a.io/b:1", `,x.io/a:1\n${image.digest},x.io/b:1\n`)).toEqual([
    "x.io/b:1",
  ]);
});

test.each([
  ["docker.io/team/app:1", "x.io/y/team/app:1"],
  ["docker.io/team/app", "x.io/y/team/app"],
  [`docker.io/team/app@${image.digest}`, "x.io/y/team/app"],
  [`docker.io/team/app:1@${image.digest}`, "x.io/y/team/app:1"],
])("digests: behind a destination with a slash at its end comes the path of %s", async (source, expected) => {
  expect(await destinations("digests", source, `${image.digest},x.io/y/\n`)).toEqual([expected]);
});

test("digests: every row with the digest counts, a heading is let through", async () => {
  const csv = `digest,to\n${image.digest},x.io/a:1\n${image.digest},x.io/b:1\n`;
  expect(await destinations("digests", "a.io/b:1", csv)).toEqual(["x.io/a:1", "x.io/b:1"]);
});

test.each([
  ["all-prefix", "a.io/,x.io/\na.io/\n", "destfile.csv:2: it has 1 column, not 2"],
  ["all-prefix", "# c\na,b,c\n", "destfile.csv:2: it has 3 columns, not 2"],
  ["longest-prefix", 'a.io/,"x\n', "destfile.csv:1:"],
  ["digests", "digest,to\nsha256:abc,x.io/a\n", 'destfile.csv:2: "sha256:abc" is no digest'],
  ["digests", `${image.digest},\n`, "destfile.csv:1: the second column is empty"],
])("%s refuses the file %j and names the line", async (kind, csv, message) => {
  await expect(destinations(kind, "a.io/b:1", csv)).rejects.toMatchObject({
    code: "input",
    message: expect.stringContaining(message),
  });
});

test("digests: all the bad rows are told", async () => {
  const csv = `to,here\nsha256:abc,x.io/a\n${image.digest},x.io/a:1\n${image.digest},\nmd5,x.io/a\n`;
  await expect(destinations("digests", "a.io/b:1", csv)).rejects.toMatchObject({
    message: expect.stringMatching(/destfile\.csv:2: "sha256:abc" is no digest$/),
    details: [
      expect.stringMatching(/destfile\.csv:4: the second column is empty$/),
      expect.stringMatching(/destfile\.csv:5: "md5" is no digest$/),
    ],
  });
});

test.each([
  ["nest", "want TYPE=ARGUMENT"],
  ["destfile.csv", "want TYPE=ARGUMENT"],
  ["nest=", "there is nothing behind the ="],
  ["nested=x", 'there is no mapper of type "nested"'],
  ["go-templates=x.tmpl", 'there is no mapper of type "go-templates"'],
  ["constructor=x", 'there is no mapper of type "constructor"'],
  ["=x", 'there is no mapper of type ""'],
])("parseMapper() refuses %s and lists the kinds there are", async (text, message) => {
  await expect(parseMapper(text)).rejects.toMatchObject({
    code: "usage",
    message: expect.stringContaining(message),
    hint: expect.stringContaining(
      "nest=REPOSITORY, first-prefix=FILE, all-prefix=FILE, longest-prefix=FILE, digests=FILE, go-template=FILE, eta=FILE",
    ),
  });
});

test("parseMapper() names a file that is not there", async () => {
  await expect(parseMapper(`digests=${directory}/none.csv`)).rejects.toThrow(
    `${directory}/none.csv: no such file`,
  );
});
