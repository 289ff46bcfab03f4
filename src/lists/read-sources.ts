/** Reads `sources.list`: one image reference a line, with labels. */
import { parseCsv } from "../csv.ts";
import { AceError } from "../errors.ts";
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

const noImage = "Write one image reference a line, as in docker.io/library/alpine:3.20.";
const labelHint = "Write labels behind the reference as ,key=value.";

/**
 * Reads a list's text.
 * @param name for messages
 * @throws AceError `input` that tells all the bad lines, not just the first
 */
export function parseSources(text: string, name: string): Source[] {
  const sources = parseCsv(text, { what: "sources", file: name }, ({ fields, line }, refuse) => {
    const [reference = "", ...texts] = fields;
    try {
      parseReference(reference);
    } catch (error) {
      if (error instanceof AceError) return refuse(error.message, error.hint);
      throw error;
    }
    const labels: Record<string, string> = {};
    for (const text of texts.filter((field) => field !== "")) {
      const { key, value, why } = parseLabel(text);
      if (why !== undefined) return refuse(why, labelHint);
      labels[key] = value;
    }
    return { reference, labels, line };
  });
  if (sources.length > 0) return sources;
  throw new AceError("input", `Cannot use sources ${name}: there is no image in it`, { hint: noImage });
}

function parseLabel(text: string): { key: string; value: string; why: string | undefined } {
  const equals = text.indexOf("=");
  const key = text.slice(0, Math.max(equals, 0)).trim();
  const value = text.slice(equals + 1).trim();
  if (equals < 0) return { key, value, why: `${JSON.stringify(text)} is no label: there is no "=" in it` };
  return { key, value, why: (labelKeyProblem(key) ?? labelValueProblem(value))?.why };
}
