/** Reads one configuration file: YAML or JSON in, checked content out, every complaint with its file, line and key. */
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { type Document, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";
import { AceError, systemCodeOf } from "../errors.ts";
import { apiVersion, fileSchema, kind } from "./schema.ts";

/** What a file says, after its check. */
export type FileContent = v.InferOutput<typeof fileSchema>;

const emptyContent = v.parse(fileSchema, { apiVersion, kind });
const hint = "ace-dt config --sample prints a commented sample of every key.";

/**
 * Reads and checks a file. A file without any content is one that sets nothing.
 * @returns undefined when there is no such file
 * @throws AceError `config` when it cannot be read, is no YAML, or says something that we do not understand
 */
export async function readConfigFile(file: string): Promise<FileContent | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new AceError("config", `Cannot read configuration ${file}: ${code ?? "it fails to open"}`, {
      cause,
    });
  }
  return parseConfig(text, file);
}

/**
 * Checks a configuration's text.
 * @param file its name in messages
 * @throws AceError `config`
 */
export function parseConfig(text: string, file: string): FileContent {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text.replace(/^\uFEFF/, ""), {
    lineCounter: lines,
    prettyErrors: false,
  });
  const problem = documents.flatMap((document) => [...document.errors, ...document.warnings])[0];
  if (problem !== undefined) {
    throw complaint(file, lines.linePos(problem.pos[0]).line, problem.message, problem);
  }
  const [document, second] = documents;
  if (document === undefined) return emptyContent;
  if (second !== undefined) {
    throw complaint(
      file,
      lines.linePos(second.range[0]).line,
      "a second YAML document starts here; want one",
    );
  }
  const value = toPlain(readValue(document, file), "");
  if (value === null) return emptyContent;
  const result = v.safeParse(fileSchema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = pathOf(issue);
  const line = lines.linePos(offsetOf(document, path)).line;
  throw complaint(
    file,
    line,
    path.length === 0 ? reasonOf(issue) : `key ${withoutUser(path.join("."))}: ${reasonOf(issue)}`,
  );
}

function readValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ mapAsMap: true });
  } catch (cause) {
    throw complaint(file, 1, cause instanceof Error ? cause.message : "it is no YAML", cause);
  }
}

function complaint(file: string, line: number, message: string, cause?: unknown): AceError {
  return new AceError("config", `Cannot read configuration ${file}:${line}: ${message}`, { cause, hint });
}

/** Maps become objects, except under `rewritePull`, where the order of the keys matters even for keys such as "1". */
function toPlain(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.map((item) => toPlain(item, ""));
  if (!(value instanceof Map) || key === "rewritePull") return value;
  return Object.fromEntries([...value].map(([name, item]) => [String(name), toPlain(item, String(name))]));
}

/** The keys from the root to the trouble, as the file spells them. */
function pathOf(issue: v.BaseIssue<unknown>): string[] {
  return (issue.path ?? [])
    .map((item) => String(item.key))
    .filter((key, index, keys) => !(index === 1 && key === "hosts" && keys[0] === "registryConfig"));
}

/** A URL among the keys, without the password that should not be in it. */
function withoutUser(text: string): string {
  return text.replaceAll(/\/\/[^/]*@/g, "//...@");
}

const typeNames: Readonly<Record<string, string>> = {
  Object: "a mapping",
  Map: "a mapping",
  Array: "a list",
  string: "a text",
  boolean: "true or false",
};

function reasonOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "strict_object" && issue.expected === "never") return "this key is not known";
  if (issue.type === "strict_object" && issue.received === "undefined") return "this key is missing";
  if (issue.type === "literal" || issue.type === "picklist") return `${issue.message}, not ${issue.received}`;
  // The value is not quoted: the file may be one of secrets, or have a password in a URL.
  if (!issue.message.startsWith("Invalid type:")) return issue.message;
  return `want ${typeNames[issue.expected ?? ""] ?? issue.expected}`;
}

/** Where the deepest key of the path that the file does have stands. */
function offsetOf(document: Document, path: readonly string[]): number {
  let node: unknown = document.contents;
  let offset = isMap(node) ? (node.range?.[0] ?? 0) : 0;
  for (const name of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === name);
      if (pair === undefined) return offset;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(name)];
      if (isScalar(node) || isMap(node)) offset = node.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
