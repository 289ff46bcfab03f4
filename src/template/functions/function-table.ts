/** All functions of the library, by their names. */
import type { NamedFunction } from "../values/define.ts";

const groups: readonly (readonly NamedFunction[])[] = [];

let table: ReadonlyMap<string, NamedFunction> | undefined;

/** The 194 functions of sprig's hermetic text map. */
export function functionTable(): ReadonlyMap<string, NamedFunction> {
  table ??= new Map(groups.flat().map((each) => [each.name, each]));
  return table;
}
