/** Reads the text of a list that a user names: a file, or the standard input. */
import { readFile } from "node:fs/promises";
import { AceError, systemState } from "../errors.ts";

/** A list's text, and how messages call the place where it was. */
export interface ListText {
  text: string;
  name: string;
}

/**
 * Reads all of it.
 * @param path a file, or `-` for the standard input
 * @param what the list is, for messages: `batch list`
 * @throws AceError `input`
 */
export async function readList(path: string, what: string): Promise<ListText> {
  const name = path === "-" ? "standard input" : path;
  try {
    const text = path === "-" ? await new Response(Bun.stdin.stream()).text() : await readFile(path, "utf8");
    return { text, name };
  } catch (cause) {
    throw new AceError("input", `Cannot read ${what} ${name}: ${systemState(cause)}`, { cause });
  }
}
