/** What a registry says of itself in an answer: problems in an error's body, warnings in a header (distribution-spec "Error Codes", "Warnings"). */
import * as v from "valibot";
import { headerOf, type Reply } from "./exchange.ts";

/** One entry of `errors`. */
export interface RegistryProblem {
  /** Upper-case, empty when the body has none. */
  code: string;
  message: string;
}

/** Bytes of an error body that are read. */
export const errorLimitBytes = 64 * 1024;

/** Characters of a registry's message that are repeated to the user. */
const messageLimit = 300;

const text = v.fallback(v.string(), "");
const problem = v.object({ code: text, message: text });
const schema = v.union([
  v.object({ errors: v.array(problem) }),
  // Token servers and some proxies (oauth2 RFC 6749 section 5.2; containers/image parseHTTPErrorResponse).
  v.pipe(
    v.object({ details: v.string() }),
    v.transform(({ details }) => ({ errors: [{ code: "", message: details }] })),
  ),
  v.pipe(
    v.object({ error: v.string(), error_description: text }),
    v.transform(({ error, error_description }) => ({
      errors: [{ code: error, message: error_description }],
    })),
  ),
]);

/** The problems an answer names; empty when its body is not the JSON of the specification. */
export function problemsOf(reply: Reply): readonly RegistryProblem[] {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), new TextDecoder().decode(reply.body));
  if (!result.success) return [];
  return result.output.errors.map(({ code, message }) => ({
    code: code.toUpperCase(),
    message: clean(message),
  }));
}

/** `404, MANIFEST_UNKNOWN: manifest unknown`: the status and what the body says, on one line. */
export function describeReply(reply: Reply): string {
  const said = problemsOf(reply)
    .slice(0, 3)
    .map(({ code, message }) => [code, message].filter((part) => part !== "").join(": "))
    .filter((part) => part !== "");
  if (said.length > 0) return `${reply.status}, ${said.join("; ")}`;
  const type = String(reply.headers["content-type"] ?? "");
  const plain = type.startsWith("text/plain") ? clean(new TextDecoder().decode(reply.body)) : "";
  return plain === "" ? `${reply.status}` : `${reply.status}, ${plain}`;
}

/** Control characters out (they could move a terminal's cursor), blanks folded, length bounded. */
function clean(message: string): string {
  const line = message.replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, " ").trim();
  return line.length <= messageLimit ? line : `${line.slice(0, messageLimit)}...`;
}

// RFC 7234 section 5.5 as the distribution specification narrows it: code 299, agent "-", no date.
const warning = /^299 - "((?:[^"\\]|\\.)+)"$/;

/** Calls back with each well-formed warning of an answer, unescaped; others are left alone. */
export function takeWarnings(reply: Reply, tell: (text: string) => void): void {
  const header = reply.headers.warning;
  if (header === undefined) return;
  for (const line of Array.isArray(header)
    ? header
    : splitWarnings(headerOf(reply.headers, "warning") ?? "")) {
    const text = warning.exec(line.trim())?.[1];
    if (text !== undefined) tell(text.replace(/\\(.)/g, "$1").replace(/[\u0000-\u001f\u007f]/g, " "));
  }
}

/** Several warnings joined into one line are cut where the next one starts. */
function splitWarnings(line: string): readonly string[] {
  return line.split(/,\s*(?=\d{3} )/);
}
