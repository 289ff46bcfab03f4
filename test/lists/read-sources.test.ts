import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AceError } from "../../src/errors.ts";
import { parseSources, readSources } from "../../src/lists/read-sources.ts";

const digest = "sha256:a203e1071d73c6452715eb819701cb49ca18e0dcd82fe13928de2724c4f2861f";

test("the guide's list is read verbatim", () => {
  const text = `quay.io/ceph/ceph:v17.2\ndocker.io/curlimages/curl:7.73.0\ndocker.io/konstin2/maturin@${digest}\n`;
  expect(parseSources(text, "sources.list")).toEqual([
    { reference: "quay.io/ceph/ceph:v17.2", labels: {}, line: 1 },
    { reference: "docker.io/curlimages/curl:7.73.0", labels: {}, line: 2 },
    { reference: `docker.io/konstin2/maturin@${digest}`, labels: {}, line: 3 },
  ]);
});

test.each([
  [
    "comments, blank lines and leading blanks",
    '# all\n\n   a.io/b:1  \n  # more, "quotes"\n\t\n',
    [["a.io/b:1", 3]],
  ],
  [
    "CRLF and a byte order mark",
    "\uFEFFa.io/b:1\r\n# c\r\na.io/c:1\r\n",
    [
      ["a.io/b:1", 1],
      ["a.io/c:1", 3],
    ],
  ],
  ["no line break at the end", "a.io/b:1", [["a.io/b:1", 1]]],
  ["a tag beside a digest is kept", `a.io/b:1@${digest}`, [[`a.io/b:1@${digest}`, 1]]],
  [
    "the same image twice is two lines",
    "a.io/b:1\na.io/b:1",
    [
      ["a.io/b:1", 1],
      ["a.io/b:1", 2],
    ],
  ],
] as const)("parseSources(): %s", (_name, text, expected) => {
  expect(parseSources(text, "x").map((source) => [source.reference, source.line])).toEqual(
    expected.map((row) => [...row]),
  );
});

test("labels follow the reference, rows may have different numbers of them", () => {
  const text = 'a.io/b:1, component=core ,example.com/tier=web,empty=,\na.io/c:1\na.io/d:1,"x=1"\n';
  expect(parseSources(text, "x").map((source) => source.labels)).toEqual([
    { component: "core", "example.com/tier": "web", empty: "" },
    {},
    { x: "1" },
  ]);
});

const long = "x".repeat(64);
test.each([
  ["", "there is no image in it"],
  ["# only a comment\n", "there is no image in it"],
  ["a.io/b:1\nubuntu\n", 'list:2: Cannot use "ubuntu" as an image reference: it has no registry'],
  ["a.io/B:1", "list:1:"],
  ["a.io/b:1 a.io/c:1", "list:1:"],
  ["a.io/b:1,nolabel", 'list:1: "nolabel" is no label'],
  ["\n\na.io/b:1,=v", "list:3: label key"],
  ["a.io/b:1,-k=v", "label key"],
  [`a.io/b:1,${long}=v`, "at most 63"],
  ["a.io/b:1,UPPER.example/k=v", "prefix"],
  ["a.io/b:1,/k=v", "prefix"],
  ["a.io/b:1,k=v w", "label value"],
  [`a.io/b:1,k=${long}`, "at most 63"],
  ["a.io/b:1,k=v=w", "label value"],
  ['a.io/b:1,"k=v', "list:1: a quote is opened and not closed"],
  ['a.io/b:1,k="v', "list:1: a quote stands inside of a field"],
])("parseSources() refuses %j and names the line", (text, message) => {
  expect(() => parseSources(text, "list")).toThrow(message);
});

test("all the bad lines of a list are told, with the rule that each breaks", () => {
  const text = 'a.io/b:1\nubuntu\na.io/c:1,tier=we b\n# fine\n"a.io/d:1,x\na.io/e:1,Team/x=y\n';
  try {
    parseSources(text, "list");
    expect.unreachable();
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    expect(error.code).toBe("input");
    expect(error.message).toContain('Cannot read sources list:2: Cannot use "ubuntu"');
    expect(error.details).toEqual([
      'list:3: label value "we b" is wrong: Kubernetes wants at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends',
      "list:5: a quote is opened and not closed in this line",
      'list:6: the prefix of label key "Team/x" is wrong: Kubernetes wants a domain name of at most 253 lower-case letters, digits, "-" and ".", each part with a letter or digit at both ends',
    ]);
  }
});

test("readSources() reads a file and names it when it is not there", async () => {
  const directory = mkdtempSync(join(tmpdir(), "ace-sources-"));
  try {
    const path = join(directory, "sources.list");
    writeFileSync(path, "a.io/b:1\n");
    expect(await readSources(path)).toHaveLength(1);
    await expect(readSources(join(directory, "none"))).rejects.toMatchObject({
      code: "input",
      message: `Cannot read sources ${directory}/none: no such file`,
    });
    await expect(readSources(directory)).rejects.toThrow("it is a directory");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("readSources() reads the standard input for -", async () => {
  const module = join(import.meta.dir, "../../src/lists/read-sources.ts");
  const script = `const { readSources } = await import(${JSON.stringify(module)}); console.log(JSON.stringify(await readSources("-")));`;
  const child = Bun.spawn([process.execPath, "-e", script], {
    stdin: new Blob(["a.io/b:1,k=v\n"]),
    stdout: "pipe",
  });
  expect(JSON.parse(await new Response(child.stdout).text())).toEqual([
    { reference: "a.io/b:1", labels: { k: "v" }, line: 1 },
  ]);
});
