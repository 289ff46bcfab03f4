/** `Warning: 299 - "text"` (distribution-spec "Warnings"): what a registry wants its users to read. */
import { headerOf, type Reply } from "./exchange.ts";

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
