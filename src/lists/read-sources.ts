/** Reads `sources.list`: one image reference a line, with labels. */
import { parse } from "csv-parse/sync";
import { AceError, type Advice, systemCodeOf } from "../errors.ts";
import { parseReference } from "../oci/reference.ts";
import { labelKeyProblem, labelValueProblem } from "./labels.ts";
import { readList } from "./read-list.ts";

/** One line of the list. */
export interface Source {
  /** Verbatim: it becomes an annotation, and mappers see it. */
  reference: string;
  labels: Record<string, string>;
  /** Counted from 1. */
  line: number;
}

/**
 * Reads a list.
 * @param path a file, or `-` for the standard input
 * @throws AceError `input` with file and line; also when the list has no line at all, for that is a mistake nobody wants to
 *   find out on the far side
 */
export async function readSources(path: string): Promise<Source[]> {
  const { text, name } = await readList(path, "sources");
  return parseSources(text, name);
}

/**
 * Reads a list's text. Rows are lines: a quoted field may have commas, but no line breaks.
 * @param name for messages
 * @throws AceError `input` that tells all the bad lines, not just the first
 */
export function parseSources(text: string, name: string): Source[] {
  const problems: LineProblem[] = [];
  const sources = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((content, index) => ({ content: content.trim(), line: index + 1 }))
    .filter(({ content }) => content !== "" && !content.startsWith("#"))
    .flatMap(({ content, line }) => {
      const source = parseLine(content, line);
      if (!("why" in source)) return [source];
      problems.push(source);
      return [];
    });
  if (problems.length > 0) throw badLines(problems, name);
  if (sources.length > 0) return sources;
  throw new AceError("input", `Cannot use sources ${name}: there is no image in it`, {
    hint: "Write one image reference a line, as in docker.io/library/alpine:3.20.",
  });
}

/** What is wrong with a line. */
interface LineProblem {
  line: number;
  why: string;
  hint: string | Advice | undefined;
}

/** The first bad line in the message, the others behind it. */
function badLines(problems: readonly LineProblem[], name: string): AceError {
  const [first, ...others] = problems.map(({ line, why }) => `${name}:${line}: ${why}`);
  const hint = problems[0]?.hint;
  return new AceError("input", `Cannot read sources ${first}`, {
    details: others,
    ...(hint === undefined ? {} : { hint }),
  });
}

const labelHint = "Write labels behind the reference as ,key=value.";

function parseLine(content: string, line: number): Source | LineProblem {
  const fields = fieldsOf(content);
  if (typeof fields === "string") return { line, why: fields, hint: undefined };
  const [reference = "", ...texts] = fields;
  try {
    parseReference(reference);
  } catch (error) {
    if (error instanceof AceError) return { line, why: error.message, hint: error.hint };
    throw error;
  }
  const labels: Record<string, string> = {};
  for (const text of texts.filter((field) => field !== "")) {
    const { key, value, why } = parseLabel(text);
    if (why !== undefined) return { line, why, hint: labelHint };
    labels[key] = value;
  }
  return { reference, labels, line };
}

function parseLabel(text: string): { key: string; value: string; why: string | undefined } {
  const equals = text.indexOf("=");
  const key = text.slice(0, Math.max(equals, 0)).trim();
  const value = text.slice(equals + 1).trim();
  if (equals < 0) return { key, value, why: `${JSON.stringify(text)} is no label: there is no "=" in it` };
  return { key, value, why: (labelKeyProblem(key) ?? labelValueProblem(value))?.why };
}

/** The fields of a line, or what is wrong with it. */
function fieldsOf(content: string): string[] | string {
  try {
    return parse(content, { trim: true, relax_column_count: true })[0] ?? [];
  } catch (cause) {
    // The parser's own words count lines from the one that it was given.
    const unclosed = systemCodeOf(cause) === "CSV_QUOTE_NOT_CLOSED";
    return unclosed ? "a quote is opened and not closed" : "a quote stands inside of a field";
  }
}
