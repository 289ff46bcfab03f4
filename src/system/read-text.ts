/** Reads the text of a file that a user names. */
import { readFile } from "node:fs/promises";
import { AceError, systemState } from "../errors.ts";

/**
 * A byte order mark at the start is left out.
 * @param what the file is, for messages: `mapping`
 * @throws AceError `input`, with the file's name
 */
export async function readText(file: string, what: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  } catch (cause) {
    throw new AceError("input", `Cannot read ${what} ${file}: ${systemState(cause)}`, { cause });
  }
}
