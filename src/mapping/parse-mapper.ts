/** Reads the MAPPER argument, `TYPE=ARGUMENT`, and the file it may name. */
import { AceError } from "../errors.ts";
import { readText } from "../system/read-text.ts";
import { digestMapper } from "./digest-mapper.ts";
import type { Mapper } from "./mapper.ts";
import { allPrefixMapper, firstPrefixMapper, longestPrefixMapper, nestMapper } from "./prefix-mappers.ts";
import { readRows } from "./read-rows.ts";

const kinds: Readonly<Record<string, (argument: string) => Mapper | Promise<Mapper>>> = {
  nest: nestMapper,
  "first-prefix": async (file) => firstPrefixMapper(await readRows(file)),
  "all-prefix": async (file) => allPrefixMapper(await readRows(file)),
  "longest-prefix": async (file) => longestPrefixMapper(await readRows(file)),
  digests: async (file) => digestMapper(await readRows(file), file),
  // Loaded only when they are used: the interpreter is bigger than all the rest of this room.
  "go-template": async (file) => {
    const { goTemplateMapper } = await import("./go-template-mapper.ts");
    return goTemplateMapper(file, await readText(file, "mapping"));
  },
  eta: async (file) => {
    const { etaMapper } = await import("./eta/eta-mapper.ts");
    return etaMapper(file, await readText(file, "mapping"));
  },
};

/**
 * Makes the mapper that a user asks for.
 * @param text `nest=REPOSITORY`, or one of the other kinds and the file with its rules
 * @throws AceError `usage` for a kind we do not have, `input` for a bad file
 */
export async function parseMapper(text: string): Promise<Mapper> {
  const equals = text.indexOf("=");
  const kind = text.slice(0, Math.max(equals, 0));
  const argument = text.slice(equals + 1);
  const hint = `Write one of ${Object.keys(kinds)
    .map((name) => `${name}=${name === "nest" ? "REPOSITORY" : "FILE"}`)
    .join(", ")}.`;
  const fail = (why: string): AceError =>
    new AceError("usage", `Cannot use mapper ${JSON.stringify(text)}: ${why}`, { hint });
  if (equals < 0) throw fail("want TYPE=ARGUMENT");
  const make = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (make === undefined) throw fail(`there is no mapper of type ${JSON.stringify(kind)}`);
  if (argument === "") throw fail("there is nothing behind the =");
  return make(argument);
}
