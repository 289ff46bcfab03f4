/** Walks the statements of a template and writes its output (text/template/exec.go). */
import { quote } from "../go/quote.ts";
import { formatValue } from "../print/printer.ts";
import { sprint } from "../print/sprint.ts";
import type { BranchNode, ListNode, Statement, TemplateNode } from "../syntax/node.ts";
import { showNode } from "../syntax/show-node.ts";
import { elements, int, integer, sortedKeys, str } from "../values/make.ts";
import { isTrue } from "../values/truth.ts";
import { isInt } from "../values/value.ts";
import { evaluatePipe } from "./evaluate.ts";
import { fromPlace, indirect, type Operand, toValue } from "./operand.ts";
import { printableOf } from "./printable.ts";
import { State } from "./state.ts";

/** How a list ended: by itself, or to leave or go on with the loop around it. */
type Ending = "done" | "break" | "continue";

/** Runs the statements. @throws TemplateError, and AceError when a limit is passed */
export function execute(state: State, dot: Operand, list: ListNode): Ending {
  for (const node of list.nodes) {
    const ending = executeStatement(state, dot, node);
    if (ending !== "done") return ending;
  }
  return "done";
}

function executeStatement(state: State, dot: Operand, node: Statement): Ending {
  state.at(node);
  switch (node.kind) {
    case "text":
      state.write(node.text);
      return "done";
    case "action": {
      const value = evaluatePipe(state, dot, node.pipe);
      if (node.pipe.variables.length > 0) return "done";
      state.at(node);
      const printable = printableOf(value);
      if (printable === undefined)
        return state.fail(`can't print ${showNode(node)} of type ${value?.type.name ?? "<nil>"}`);
      state.write(
        printable.kind === "string" && printable.type.name === "string"
          ? printable.value
          : sprint(state.run.budget, [printable]),
      );
      return "done";
    }
    case "if":
    case "with":
      return executeBranch(state, dot, node);
    case "range": {
      const mark = state.mark();
      executeRange(state, dot, node);
      state.forget(mark);
      return "done";
    }
    case "template":
      executeTemplate(state, dot, node);
      return "done";
    case "break":
    case "continue":
      return node.kind;
    default:
      return "done";
  }
}

function executeBranch(state: State, dot: Operand, node: BranchNode): Ending {
  const mark = state.mark();
  const value = evaluatePipe(state, dot, node.pipe);
  let ending: Ending = "done";
  if (isTrue(toValue(value))) ending = execute(state, node.kind === "with" ? value : dot, node.list);
  else if (node.otherwise !== undefined) ending = execute(state, dot, node.otherwise);
  state.forget(mark);
  return ending;
}

function executeRange(state: State, dot: Operand, node: BranchNode): void {
  const value = indirect(evaluatePipe(state, dot, node.pipe)).end;
  const mark = state.mark();
  let turns = 0;
  for (const [key, element] of turnsOf(state, node, value)) {
    turns++;
    state.run.budget.steps();
    setVariables(state, node, key, element);
    const ending = execute(state, element, node.list);
    state.forget(mark);
    if (ending === "break") return;
    state.node = node;
  }
  if (turns === 0 && node.otherwise !== undefined) execute(state, dot, node.otherwise);
}

/** What a range goes through: keys and elements. Maps go by their sorted keys. */
function* turnsOf(
  state: State,
  node: BranchNode,
  value: Operand,
): Generator<[key: Operand, element: Operand]> {
  if (value === undefined) return;
  if (value.kind === "slice") {
    for (const [at, element] of elements(value).entries())
      yield [int(at), fromPlace(element, value.type.elem)];
  } else if (value.kind === "map") {
    const entries = sortedKeys(value).map((key) => ({ key, entry: value.entries.get(key) }));
    for (const { key, entry } of entries)
      if (entry !== undefined) yield [str(key), fromPlace(entry, value.type.elem)];
  } else if (value.kind !== "interface" && isInt(value)) {
    if (node.pipe.variables.length > 1)
      state.fail(`can't use ${value.value} to iterate over more than one variable`);
    for (let at = 0n; at < value.value; at++) yield [undefined, integer(at, value.type)];
  } else {
    state.fail(`range can't iterate over ${formatValue(state.run.budget, toValue(value))}`);
  }
}

function setVariables(state: State, node: BranchNode, key: Operand, element: Operand): void {
  const [first, second] = node.pipe.variables;
  if (first === undefined) return;
  if (node.pipe.isAssign) {
    state.assign(first.names[0], second === undefined ? element : key);
    if (second !== undefined) state.assign(second.names[0], element);
  } else {
    state.assignTop(1, element);
    if (second !== undefined) state.assignTop(2, key);
  }
}

function executeTemplate(state: State, dot: Operand, node: TemplateNode): void {
  const tree = state.run.trees.get(node.name) ?? state.fail(`template ${quote(node.name)} not defined`);
  state.run.budget.depth(state.depth + 1);
  const inner = node.pipe === undefined ? undefined : evaluatePipe(state, dot, node.pipe);
  execute(new State(state.run, node.name, state.depth + 1, inner), inner, tree.root);
}
