import { expect, test } from "bun:test";
import { type OutputChoice, parseOutputs, writeOutputs } from "../../src/commands/output-choice.ts";
import { openUi } from "../../src/ui/open-ui.ts";
import type { Column } from "../../src/ui/table.ts";
import { tempDir } from "../support/temp-dir.ts";

test("parseOutputs() takes kinds and files, given again or with commas, and a table when nothing is given", () => {
  const rows: [string[] | undefined, OutputChoice[]][] = [
    [undefined, [{ kind: "table", file: undefined }]],
    [["json"], [{ kind: "json", file: undefined }]],
    [
      ["csv=a.csv", "table"],
      [
        { kind: "csv", file: "a.csv" },
        { kind: "table", file: undefined },
      ],
    ],
    [
      ["table,csv=a,b.csv,json=c=d"],
      [
        { kind: "table", file: undefined },
        { kind: "csv", file: "a,b.csv" },
        { kind: "json", file: "c=d" },
      ],
    ],
  ];
  for (const [texts, choices] of rows) expect(parseOutputs(texts)).toEqual(choices);
});

test("parseOutputs() refuses what is no kind, and a kind with an empty file", () => {
  for (const text of ["yaml", "", "JSON", "csv=", "=a.csv"]) {
    expect(() => parseOutputs([text])).toThrow(`Cannot use ${JSON.stringify(text)} as --output`);
  }
});

test("writeOutputs() writes whole files, and says which one it cannot write", async () => {
  await using dir = await tempDir();
  const columns: readonly Column<string>[] = [{ key: "name", value: (row) => row }];
  const ui = openUi({ quiet: true, noTerm: true, verbosity: 0 });
  const file = (name: string) => dir.file(name);
  await writeOutputs(
    parseOutputs([`csv=${file("a.csv")}`, `json=${file("a.json")}`, `table=${file("a.txt")}`]),
    columns,
    ["one"],
    ui,
  );
  expect(await Bun.file(file("a.csv")).text()).toBe("name\none\n");
  expect(await Bun.file(file("a.json")).text()).toBe('[{"name":"one"}]\n');
  expect(await Bun.file(file("a.txt")).text()).toBe("NAME\none\n");
  const nowhere = writeOutputs(parseOutputs([`csv=${file("no/a.csv")}`]), columns, ["one"], ui);
  await expect(nowhere).rejects.toMatchObject({ code: "usage", message: expect.stringContaining("ENOENT") });
  ui.close();
});
