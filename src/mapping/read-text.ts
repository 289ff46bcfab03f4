/** Reads the file that a mapper's argument names. */
import { readFile } from "node:fs/promises";
import { AceError, systemState } from "../errors.ts";

/** A byte order mark at the start is left out. @throws AceError `input`, with the file's name */
export async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  } catch (cause) {
    throw new AceError("input", `Cannot read mapping ${file}: ${systemState(cause)}`, { cause });
  }
}
