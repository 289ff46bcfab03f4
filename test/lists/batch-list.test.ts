/** What a BATCH-LIST says, and what is wrong with one. */
import { describe, expect, test } from "bun:test";
import { parseBatchList, readBatchList } from "../../src/lists/batch-list.ts";
import { originalFile } from "../support/original.ts";
import { tempDir } from "../support/temp-dir.ts";

const namesOf = (text: string) => parseBatchList(text, "batch.csv").artifacts.map(({ name }) => name);

test("readBatchList() reads the original's file", async () => {
  const { artifacts, replaced } = await readBatchList(originalFile("batch.csv"));
  expect(artifacts).toEqual([
    { name: "tools", artifact: "localhost:5300/low/all:sync-1", line: 2 },
    { name: "ops", artifact: "localhost:5300/low/all:sync-2", line: 3 },
  ]);
  expect(replaced).toEqual([]);
});

describe("parseBatchList() reads", () => {
  const row = "tools,reg.example.com/dev-tools:v3.0.6";
  const good: [why: string, text: string][] = [
    ["the guide's form", `name, artifact\ntools, reg.example.com/dev-tools:v3.0.6\n`],
    ["a list without a header", `${row}\n`],
    ["comments and blank lines", `# mine\n\nname,artifact\n  # more\n${row}\n`],
    ["line breaks of Windows and a byte order mark", `\uFEFFname,artifact\r\n${row}\r\n`],
    ["quotes", `"name","artifact"\n"tools","reg.example.com/dev-tools:v3.0.6"\n`],
    ["a last line without its break", `name,artifact\n${row}`],
    ["an empty third column", `name,artifact,\n${row},\n`],
  ];
  for (const [why, text] of good) test(why, () => expect(namesOf(text)).toEqual(["tools"]));
});

test("the last row of a name wins, in its own place", () => {
  const { artifacts, replaced } = parseBatchList("a,r/a:1\nb,r/b:1\na,r/a:2\n", "batch.csv");
  expect(artifacts.map(({ name, artifact }) => `${name} ${artifact}`)).toEqual(["b r/b:1", "a r/a:2"]);
  expect(replaced.map(({ line }) => line)).toEqual([1]);
});

describe("parseBatchList() refuses", () => {
  const bad: [why: string, text: string, said: string][] = [
    ["a list of nothing", "name,artifact\n", "there is no artifact in it"],
    ["a row of one column", "name,artifact\nops\n", "batch.csv:2: it has 1 column,"],
    ["a third column", "ops,r/ops:1,r/ops:2\n", "batch.csv:1: it has 3 columns,"],
    ["a name that is a path", "a/b,r/ops:1\n", '"a/b" cannot be a name'],
    ["a name with a blank", "my ops,r/ops:1\n", '"my ops" cannot be a name'],
    ["an empty name", ",r/ops:1\n", '"" cannot be a name'],
    ["a name that begins with a dash", "-ops,r/ops:1\n", '"-ops" cannot be a name'],
    ["an image without a registry", "ops,ubuntu\n", "it has no registry"],
    ["a quote that stays open", 'ops,"r/ops:1\n', "a quote is opened"],
  ];
  for (const [why, text, said] of bad)
    test(why, () => expect(() => parseBatchList(text, "batch.csv")).toThrow(said));

  test("with all bad lines at once", () => {
    try {
      parseBatchList("a\nb\nc,r/c:1\n", "batch.csv");
      throw new Error("nothing was refused");
    } catch (error) {
      expect(error).toMatchObject({ code: "input", details: [expect.stringContaining("batch.csv:2: ")] });
    }
  });
});

test("a file that is not there", async () => {
  await using dir = await tempDir();
  await expect(readBatchList(dir.file("batch.csv"))).rejects.toThrow("no such file");
});
