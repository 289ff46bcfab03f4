import { describe, expect, test } from "bun:test";
import { parse } from "csv-parse/sync";
import { formatCsvLine, parseCsv } from "../src/csv.ts";

const of = { what: "list", file: "a.csv", hint: "Write two." };

describe("parseCsv()", () => {
  test("gives each row its line, without comments, blank lines and a byte order mark", () => {
    const text = '\uFEFF# a\r\n\r\n x , "y,z" \r\n  # b\nlast';
    expect(parseCsv(text, of, (row) => row)).toEqual([
      { fields: ["x", "y,z"], line: 3 },
      { fields: ["last"], line: 5 },
    ]);
  });

  test("tells all the bad lines, the hint being that of the first", () => {
    const read = () =>
      parseCsv('a\n"b\nc\nd"e,f', of, ({ fields: [field = ""] }, refuse) =>
        field === "c" ? refuse("no c", "Write no c.") : field,
      );
    expect(read).toThrow(
      expect.objectContaining({
        code: "input",
        message: "Cannot read list a.csv:2: a quote is opened and not closed in this line",
        details: ["a.csv:3: no c", "a.csv:4: a quote stands inside of a field"],
        hint: "Write two.",
      }),
    );
  });

  test("leaves out what the reader leaves out, and says which row is the first", () => {
    const rows = parseCsv("# c\nname\na\n", of, ({ fields }, _, isFirst) =>
      isFirst ? undefined : fields[0],
    );
    expect(rows).toEqual(["a"]);
  });
});

/** The quoting of Go's encoding/csv: writer.go, fieldNeedsQuotes. */
test.each([
  [["a", "", "b"], "a,,b"],
  [["a,b", 'c"d', "e\nf"], '"a,b","c""d","e\nf"'],
  [[" a", "b ", "\tc"], '" a",b ,"\tc"'],
  [["\\.", "\\.x"], '"\\.",\\.x'],
])("formatCsvLine(%j) is read back as it was", (fields, line) => {
  expect(formatCsvLine(fields)).toBe(line);
  expect(parse(line)).toEqual([fields]);
});
