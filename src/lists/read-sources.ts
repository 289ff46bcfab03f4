/** Reads `sources.list`: one image reference a line, with labels. */
import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { AceError, messageOf, systemCodeOf } from "../errors.ts";
import { parseReference } from "../oci/reference.ts";
import { labelKeyProblem, labelValueProblem } from "./labels.ts";

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
  const name = path === "-" ? "standard input" : path;
  return parseSources(await readText(path, name), name);
}

async function readText(path: string, name: string): Promise<string> {
  try {
    return path === "-" ? await new Response(Bun.stdin.stream()).text() : await readFile(path, "utf8");
  } catch (cause) {
    const code = systemCodeOf(cause);
    const state = code === "ENOENT" ? "no such file" : (code ?? messageOf(cause));
    throw new AceError("input", `Cannot read sources ${name}: ${state}`, { cause });
  }
}

/**
 * Reads a list's text. Rows are lines: a quoted field may have commas, but no line breaks.
 * @param name for messages
 * @throws AceError `input`
 */
export function parseSources(text: string, name: string): Source[] {
  const sources = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((content, index) => ({ content: content.trim(), line: index + 1 }))
    .filter(({ content }) => content !== "" && !content.startsWith("#"))
    .map(({ content, line }) => parseLine(content, line, name));
  if (sources.length > 0) return sources;
  throw new AceError("input", `Cannot use sources ${name}: there is no image in it`, {
    hint: "Write one image reference a line, as in docker.io/library/alpine:3.20.",
  });
}

function parseLine(content: string, line: number, name: string): Source {
  const fail = (why: string, hint?: string): AceError =>
    new AceError("input", `Cannot read sources ${name}:${line}: ${why}`, hint === undefined ? {} : { hint });
  const [reference = "", ...fields] = fieldsOf(content, fail);
  try {
    parseReference(reference);
  } catch (error) {
    if (error instanceof AceError) throw fail(error.message, error.hint);
    throw error;
  }
  const labels: Record<string, string> = {};
  for (const field of fields.filter((text) => text !== "")) {
    const equals = field.indexOf("=");
    const key = field.slice(0, Math.max(equals, 0)).trim();
    const value = field.slice(equals + 1).trim();
    const problem =
      equals < 0
        ? `${JSON.stringify(field)} is no label`
        : (labelKeyProblem(key) ?? labelValueProblem(value));
    if (problem !== undefined) throw fail(problem, "Write labels behind the reference as ,key=value.");
    labels[key] = value;
  }
  return { reference, labels, line };
}

function fieldsOf(content: string, fail: (why: string) => AceError): string[] {
  try {
    return parse(content, { trim: true, relax_column_count: true })[0] ?? [];
  } catch (cause) {
    throw fail(messageOf(cause));
  }
}
