/** Every row of the table that was made with Go's text/template and sprig: outputs and errors, word for word. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { descriptorValue, type TemplateDescriptor } from "../../src/mapping/descriptor-value.ts";
import { destinationLines } from "../../src/mapping/destination-lines.ts";
import { originalReferenceFunctions } from "../../src/mapping/reference-functions.ts";
import { encodeText } from "../../src/template/go/utf8.ts";
import { parseTemplate } from "../../src/template/template.ts";
import { TemplateError } from "../../src/template/template-error.ts";
import { bool, dict, float64, int, list, nil, str } from "../../src/template/values/make.ts";
import type { Value } from "../../src/template/values/model.ts";

interface Row {
  name: string;
  dot: "none" | "map" | "descriptor";
  template: string;
  data?: unknown;
  expected?: string;
  error?: string;
  stage?: "parse" | "exec";
  destinations?: string[];
}

/** A JSON number as written: Go reads `2` as an int and `2.0` as a float64. */
class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const file = process.env.GO_TEMPLATE_VECTORS ?? join(import.meta.dir, "../data/template/go-template.json");
const text = readFileSync(file, "utf8");
const rows = JSON.parse(text) as Row[];
const exactRows = JSON.parse(text, (_key, value, context?: { source?: string }) =>
  typeof value === "number" ? new NumberText(context?.source ?? String(value)) : value,
) as Row[];

function goValue(data: unknown): Value {
  if (data === null || data === undefined) return nil;
  if (typeof data === "string") return str(encodeText(data));
  if (typeof data === "boolean") return bool(data);
  if (data instanceof NumberText)
    return /^-?\d+$/.test(data.text) ? int(BigInt(data.text)) : float64(Number(data.text));
  if (Array.isArray(data)) return list(data.map(goValue));
  return dict(new Map(Object.entries(data).map(([key, value]) => [encodeText(key), goValue(value)])));
}

function dotOf(row: Row, exact: Row | undefined): Value {
  if (row.dot === "descriptor") return descriptorValue(row.data as TemplateDescriptor);
  return row.dot === "map" ? goValue(exact?.data) : nil;
}

function run(row: Row, exact: Row | undefined): Pick<Row, "expected" | "error" | "stage"> {
  try {
    return {
      expected: parseTemplate("test.tmpl", row.template, originalReferenceFunctions).execute(
        dotOf(row, exact),
      ),
    };
  } catch (error) {
    if (error instanceof TemplateError) return { error: error.message, stage: error.stage };
    throw error;
  }
}

test("the table has rows", () => expect(rows.length).toBeGreaterThan(0));

for (const [at, row] of rows.entries()) {
  test(`${row.name}: ${JSON.stringify(row.template).slice(0, 100)}`, () => {
    const { expected, error, stage, destinations } = row;
    const result = run(row, exactRows[at]);
    expect(result).toEqual(
      expected === undefined ? { error: error ?? "", stage: stage ?? "exec" } : { expected },
    );
    if (destinations !== undefined) expect(destinationLines(result.expected ?? "")).toEqual(destinations);
  });
}
