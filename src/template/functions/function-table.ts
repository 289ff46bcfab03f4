/** All functions of the library, by their names. */
import type { NamedFunction } from "../values/define.ts";
import { certificateFunctions } from "./certificates.ts";
import { copyFunctions } from "./copies.ts";
import { dateFunctions } from "./dates.ts";
import { defaultFunctions } from "./defaults.ts";
import { dictFunctions } from "./dicts.ts";
import { encodingFunctions } from "./encodings.ts";
import { floatFunctions } from "./floats.ts";
import { flowFunctions } from "./flow.ts";
import { hashFunctions } from "./hashes.ts";
import { integerListFunctions } from "./integer-lists.ts";
import { conversionFunctions, integerFunctions } from "./integers.ts";
import { jsonFunctions } from "./json.ts";
import { letterCaseFunctions } from "./letter-cases.ts";
import { listFunctions } from "./lists.ts";
import { passwordFunctions } from "./passwords.ts";
import { pathFunctions } from "./paths.ts";
import { reflectionFunctions } from "./reflection.ts";
import { regexFunctions } from "./regexes.ts";
import { stringListFunctions } from "./string-lists.ts";
import { stringFunctions } from "./strings.ts";
import { textLayoutFunctions } from "./text-layout.ts";
import { urlFunctions } from "./urls.ts";
import { versionFunctions } from "./versions.ts";

const groups: readonly (readonly NamedFunction[])[] = [
  passwordFunctions,
  jsonFunctions,
  certificateFunctions,
  copyFunctions,
  defaultFunctions,
  dictFunctions,
  floatFunctions,
  flowFunctions,
  integerListFunctions,
  conversionFunctions,
  integerFunctions,
  letterCaseFunctions,
  listFunctions,
  reflectionFunctions,
  stringListFunctions,
  stringFunctions,
  textLayoutFunctions,
  dateFunctions,
  encodingFunctions,
  hashFunctions,
  pathFunctions,
  regexFunctions,
  urlFunctions,
  versionFunctions,
];

let table: ReadonlyMap<string, NamedFunction> | undefined;

/** The 194 functions of sprig's hermetic text map. */
export function functionTable(): ReadonlyMap<string, NamedFunction> {
  table ??= new Map(groups.flat().map((each) => [each.name, each]));
  return table;
}
