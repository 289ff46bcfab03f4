/** Reads the text of a list that a user names: a file, or the standard input. */
import { readText } from "../system/read-text.ts";

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
  return path === "-"
    ? { text: await new Response(Bun.stdin.stream()).text(), name: "standard input" }
    : { text: await readText(path, what), name: path };
}
