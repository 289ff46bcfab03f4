/** The functions on single texts, against Go's libraries on random texts (test/data/template/texts.json). */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { textToInt64 } from "../../../src/template/functions/cast.ts";
import {
  deleteSpaces,
  initials,
  lowerCase,
  swapCase,
  titleCase,
  uncapitalize,
  upperCase,
} from "../../../src/template/go/cases.ts";
import { parseFloat64, parseInteger } from "../../../src/template/go/parse-number.ts";
import { joinWords, pascalCase } from "../../../src/template/go/words.ts";
import { abbreviate, wrapLines } from "../../../src/template/go/wrap.ts";

/** `text` and all results are byte strings. */
type Row = Record<string, string> & { text: string };
type Numbers = { width: number; left: number };

const rows = JSON.parse(
  readFileSync(join(import.meta.dir, "../../data/template/texts.json"), "utf8"),
) as (Row & Numbers)[];

const functions: Record<string, (text: string, numbers: Numbers) => string> = {
  snakecase: (text) => joinWords(text, "_"),
  kebabcase: (text) => joinWords(text, "-"),
  camelcase: pascalCase,
  upper: upperCase,
  lower: lowerCase,
  title: titleCase,
  untitle: uncapitalize,
  swapcase: swapCase,
  initials,
  nospace: deleteSpaces,
  wrap: (text, { width }) => wrapLines(text, width, false).join("\n"),
  wrapWith: (text, { width }) => wrapLines(text, width, true).join("|"),
  abbrev: (text, { width }) => abbreviate(text, 0, width),
  abbrevboth: (text, { width, left }) => abbreviate(text, left, width),
  int64: (text) => String(textToInt64(text)),
  float64: (text) => String(parseFloat64(text) ?? 0),
  atoi: (text) => String(parseInteger(text, 10).value),
};

for (const [name, compute] of Object.entries(functions)) {
  test(`${name} of a text is what Go's libraries make of it`, () => {
    const asked = rows.filter((row) => row[name] !== undefined);
    expect(asked.length).toBeGreaterThan(50);
    for (const row of asked) expect([row.text, compute(row.text, row)]).toEqual([row.text, row[name] ?? ""]);
  });
}
