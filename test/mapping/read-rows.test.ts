import { expect, test } from "bun:test";
import { AceError } from "../../src/errors.ts";
import { parseRows, readRows } from "../../src/mapping/read-rows.ts";
import { tempDir } from "../support/temp-dir.ts";

test.each([
  [
    "plain rows",
    "a,b\nc,d\n",
    [
      ["a", "b", 1],
      ["c", "d", 2],
    ],
  ],
  ["no line break at the end", "a,b", [["a", "b", 1]]],
  [
    "comments and blank lines, indented ones too",
    "# x,y,z\n\na,b\n  # no, row\n \t \nc,d\n",
    [
      ["a", "b", 3],
      ["c", "d", 6],
    ],
  ],
  ["a # that does not begin its line", "a#x,b #y\n", [["a#x", "b #y", 1]]],
  [
    "CRLF and a byte order mark",
    "\uFEFF# x\r\na,b\r\n\r\nc,d\r\n",
    [
      ["a", "b", 2],
      ["c", "d", 4],
    ],
  ],
  [
    "blanks around fields, tabs too",
    "  a , b \n\tc\t,\td\t\n",
    [
      ["a", "b", 1],
      ["c", "d", 2],
    ],
  ],
  [
    "quotes, with a comma, a quote and blanks inside",
    '"a,b","c ""d"""\n" e ",f\n',
    [
      ["a,b", 'c "d"', 1],
      [" e ", "f", 2],
    ],
  ],
  ["blanks around quotes", ' "a" , "b" \n', [["a", "b", 1]]],
  ["a quoted #", '"#a",b\n', [["#a", "b", 1]]],
  [
    "empty columns",
    ",b\na,\n,\n",
    [
      ["", "b", 1],
      ["a", "", 2],
      ["", "", 3],
    ],
  ],
  [
    "the same row twice",
    "a,b\na,b\n",
    [
      ["a", "b", 1],
      ["a", "b", 2],
    ],
  ],
  ["nothing at all", "", []],
  ["only comments", "# a,b\n#", []],
] as const)("parseRows() reads %s", (_name, text, expected) => {
  expect(parseRows(text, "map.csv").map(({ from, to, line }) => [from, to, line])).toEqual(
    expected.map((row) => [...row]),
  );
});

test.each([
  ["one column", "a\n", "map.csv:1: it has 1 column, not 2"],
  ["three columns", "# c\na,b,c\n", "map.csv:2: it has 3 columns, not 2"],
  ["a comma at the end", "a,b,\n", "map.csv:1: it has 3 columns, not 2"],
  ["other separators", "a;b\n", "map.csv:1: it has 1 column, not 2"],
  [
    "a quote that is not closed",
    'a,b\n"c,d\ne,f\n',
    "map.csv:2: a quote is opened and not closed in this line",
  ],
  ["a quote in the middle", 'a"b,c\n', "map.csv:1: a quote stands inside of a field"],
  ["something behind a quote", '"a"b,c\n', "map.csv:1: a quote stands inside of a field"],
  ["a line break in quotes", '"a\nb",c\n', "map.csv:1: a quote is opened and not closed in this line"],
])("parseRows() refuses %s", (_name, text, message) => {
  expect(() => parseRows(text, "map.csv")).toThrow(message);
});

test("parseRows() tells all the bad rows, not just the first", () => {
  try {
    parseRows('a\nb,c\nd,e,f\n"g\n', "map.csv");
    expect.unreachable();
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    expect(error.code).toBe("input");
    expect(error.message).toBe("Cannot read mapping map.csv:1: it has 1 column, not 2");
    expect(error.details).toEqual([
      "map.csv:3: it has 3 columns, not 2",
      "map.csv:4: a quote is opened and not closed in this line",
    ]);
    expect(error.hint).toContain("from,to");
  }
});

test("readRows() reads a file, and names one that cannot be read", async () => {
  await using dir = await tempDir();
  await Bun.write(dir.file("map.csv"), "a,b\n");
  expect(await readRows(dir.file("map.csv"))).toEqual([{ from: "a", to: "b", line: 1 }]);
  await expect(readRows(dir.file("none.csv"))).rejects.toThrow(`${dir.file("none.csv")}: no such file`);
  await expect(readRows(dir.path)).rejects.toThrow("it is a directory");
});
