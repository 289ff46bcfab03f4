import { expect, test } from "bun:test";
import { formatCsv, formatJson } from "../../src/ui/records.ts";
import type { Column } from "../../src/ui/table.ts";

const columns: readonly Column<(string | number | null)[]>[] = [
  { key: "name", value: (row) => row[0] ?? null },
  { key: "bytes", value: (row) => row[1] ?? null },
];

test("formatCsv() writes the keys, then a line a row, and quotes as Go does", () => {
  const rows = [
    ["plain", 1],
    ["with, comma", null],
    ['a "quote"', 2],
    [" blank", 3],
    ["two\nlines", 4],
  ];
  expect(formatCsv(columns, rows)).toBe(
    'name,bytes\nplain,1\n"with, comma",\n"a ""quote""",2\n" blank",3\n"two\nlines",4',
  );
  expect(formatCsv(columns, [])).toBe("name,bytes");
});

test("formatJson() writes one line with sorted keys, and nothing that a terminal would obey", () => {
  expect(
    formatJson(columns, [
      ["a<b", 1],
      ["\x1b[2J\x9b", null],
    ]),
  ).toBe('[{"bytes":1,"name":"a\\u003cb"},{"bytes":null,"name":"\\u001b[2J\\u009b"}]');
  expect(formatJson(columns, [])).toBe("[]");
});
