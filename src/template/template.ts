/** The room's door: parses a template and runs it. Texts are JS texts here; inside the room they are byte strings. */
import { AceError } from "../errors.ts";
import { Budget } from "./budget.ts";
import { functionTable } from "./functions/function-table.ts";
import { decodeText, encodeText } from "./go/utf8.ts";
import { builtins } from "./run/builtins.ts";
import { type EngineFunction, engineFunction } from "./run/engine-function.ts";
import { execute } from "./run/execute.ts";
import { fromPlace } from "./run/operand.ts";
import { type Run, State } from "./run/state.ts";
import { parseTrees } from "./syntax/parse-template.ts";
import type { NamedFunction } from "./values/define.ts";
import type { Value } from "./values/model.ts";
import { anyType } from "./values/types.ts";

/** A parsed template. */
export interface Template {
  /**
   * Runs it, each run with a budget of its own, and gives back what it wrote.
   * @throws TemplateError in Go's words; AceError `input` when a limit is passed
   */
  execute(dot: Value): string;
}

/**
 * Parses the text of a template.
 * @param name how messages call it: the base name of its file
 * @param extra functions beyond the table; they go before those of the same name
 * @throws TemplateError in Go's words
 */
export function parseTemplate(name: string, source: string, extra: readonly NamedFunction[] = []): Template {
  const functions = new Map(Object.entries(builtins));
  for (const each of [...functionTable().values(), ...extra]) functions.set(each.name, engineFunction(each));
  const [nameBytes, sourceBytes] = [encodeText(name), encodeText(source)];
  const trees = inStack(() => parseTrees(nameBytes, sourceBytes, (word) => functions.has(word)));
  return { execute: (dot) => inStack(() => run(nameBytes, sourceBytes, trees, functions, dot)) };
}

function run(
  name: string,
  source: string,
  trees: Run["trees"],
  functions: ReadonlyMap<string, EngineFunction>,
  dot: Value,
): string {
  const current: Run = { name, source, trees, functions, budget: new Budget(), output: [], outputBytes: 0 };
  const root = trees.get(name)?.root ?? { kind: "list", at: 0, nodes: [] };
  const first = fromPlace(dot, dot.kind === "nil" ? anyType : dot.type);
  const operand = first?.kind === "interface" ? undefined : first;
  execute(new State(current, name, 0, operand), operand, root);
  return decodeText(current.output.join(""));
}

/** Runs `compute`; a stack that is used up is a limit like the others. */
function inStack<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AceError("input", "Cannot go on with the template: it is nested too deep", {
      cause: error,
      hint: "Does a template call itself?",
    });
  }
}
