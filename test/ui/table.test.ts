import { describe, expect, test } from "bun:test";
import { type Column, formatTable } from "../../src/ui/table.ts";

interface Row {
  from: string;
  to: string;
  digest: string;
  bytes: number;
}

const columns: readonly Column<Row>[] = [
  { key: "from", value: (row) => row.from, long: true },
  { key: "to", value: (row) => row.to, long: true },
  { key: "digest", value: (row) => row.digest, short: (row) => row.digest.slice(0, 12) },
  { key: "bytes", title: "TO MOVE", value: (row) => row.bytes, text: (row) => `${row.bytes} B`, right: true },
];
const rows: readonly Row[] = [
  { from: "a.example.com/one:1", to: "b.example.com/one:1", digest: "sha256:0123456789abcdef", bytes: 7 },
  { from: "a.example.com/two:1", to: "", digest: "sha256:fedcba9876543210", bytes: 1234 },
];

describe("formatTable()", () => {
  test("aligns columns, numbers at the right, one line a row, no blanks at line ends", () => {
    expect(formatTable(columns, rows)).toBe(
      [
        "FROM                 TO                   DIGEST                   TO MOVE",
        "a.example.com/one:1  b.example.com/one:1  sha256:0123456789abcdef      7 B",
        "a.example.com/two:1                       sha256:fedcba9876543210   1234 B",
      ].join("\n"),
    );
    expect(formatTable(columns, rows, 74)).toBe(formatTable(columns, rows));
  });

  test("uses short texts when the full ones are too wide", () => {
    expect(formatTable(columns, rows, 73).split("\n")[1]).toBe(
      "a.example.com/one:1  b.example.com/one:1  sha256:01234      7 B",
    );
  });

  test("puts long columns one below the other when even that is too wide", () => {
    expect(formatTable(columns, rows, 50)).toBe(
      [
        "FROM / TO              DIGEST        TO MOVE",
        "a.example.com/one:1    sha256:01234      7 B",
        "  b.example.com/one:1",
        "a.example.com/two:1    sha256:fedcb   1234 B",
      ].join("\n"),
    );
  });

  test("breaks long texts behind a separator, and never goes over 80 columns, whatever the references", () => {
    expect(formatTable(columns, rows, 40)).toBe(
      [
        "FROM / TO         DIGEST        TO MOVE",
        "a.example.com/    sha256:01234      7 B",
        "  one:1",
        "  b.example.com/",
        "    one:1",
        "a.example.com/    sha256:fedcb   1234 B",
        "  two:1",
      ].join("\n"),
    );
    const wide = rows.map((row) => ({ ...row, from: `h.io/${"x".repeat(300)}`, to: `${"y/".repeat(200)}z` }));
    const lines = formatTable(columns, wide, 80).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    const text = lines.map((line) => line.slice(0, 57).trim()).join("");
    expect(text).toContain("x".repeat(300));
    expect(text).toContain("y/".repeat(200));
  });

  test("without rows there are the headings", () => {
    expect(formatTable(columns, [], 80)).toBe("FROM  TO  DIGEST  TO MOVE");
  });

  test("a line break in a value does not tear its row apart", () => {
    const odd = [{ from: "a\nb", to: "", digest: "", bytes: 0 }];
    expect(formatTable(columns, odd).split("\n")).toHaveLength(2);
  });
});
