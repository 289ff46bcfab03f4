/**
 * The functions on texts, numbers, lists and maps, against what Go 1.24.4 and sprig 3.3.0 gave for calls made up at
 * random (test/data/template/calls.json: up to four outputs and one error for each function).
 */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeText } from "../../../src/template/go/utf8.ts";
import { parseTemplate } from "../../../src/template/template.ts";
import { TemplateError } from "../../../src/template/template-error.ts";
import { dict, float64, int, list, str } from "../../../src/template/values/make.ts";
import type { Value } from "../../../src/template/values/model.ts";

type Data = string | number | Data[] | { [key: string]: Data };

const table = JSON.parse(readFileSync(join(import.meta.dir, "../../data/template/calls.json"), "utf8")) as {
  prefix: string;
  data: Data;
  rows: { template: string; output?: string; error?: string }[];
};

function goValue(data: Data): Value {
  if (typeof data === "string") return str(encodeText(data));
  if (typeof data === "number") return Number.isInteger(data) ? int(data) : float64(data);
  if (Array.isArray(data)) return list(data.map(goValue));
  return dict(new Map(Object.entries(data).map(([key, each]) => [key, goValue(each)])));
}

function run(template: string): { output: string } | { error: string } {
  try {
    return { output: parseTemplate("test.tmpl", table.prefix + template).execute(goValue(table.data)) };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { error: error.message };
  }
}

test("functions give what sprig gives, and fail in its words", () => {
  expect(table.rows.length).toBeGreaterThan(400);
  for (const { template, output, error } of table.rows) {
    const wanted = output === undefined ? { error: error ?? "" } : { output };
    expect([template, run(template)]).toEqual([template, wanted]);
  }
});
