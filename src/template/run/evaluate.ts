/** Evaluates pipelines, commands and arguments (text/template/exec.go). */
import { GoError } from "../go/go-error.ts";
import type { CommandNode, Node, Operand as OperandNode, PipeNode, VariableNode } from "../syntax/node.ts";
import { showNode } from "../syntax/show-node.ts";
import { canBeNil } from "../values/assign.ts";
import type { FuncType, GoType } from "../values/model.ts";
import { isTrue } from "../values/truth.ts";
import { zeroOf } from "../values/zero.ts";
import { callValue } from "./call-value.ts";
import { checkType, TypeFault } from "./check-type.ts";
import { type EngineFunction, operandType } from "./engine-function.ts";
import { findField } from "./field.ts";
import { isLiteral, literalAs, valueOfLiteral } from "./literal.ts";
import { fromPlace, type Operand, toValue, unbox } from "./operand.ts";
import type { State } from "./state.ts";

/** What the command before gave; undefined where there is no command before. */
type Piped = { value: Operand } | undefined;

/** Arguments as written, and what the pipeline adds behind them. */
interface Given {
  args: readonly OperandNode[];
  piped: Piped;
}

const nothingGiven: Given = { args: [], piped: undefined };

/** The value of a pipeline, out of its interface. Declared variables stay until the caller forgets them. */
export function evaluatePipe(state: State, dot: Operand, pipe: PipeNode): Operand {
  state.at(pipe);
  let piped: Piped;
  for (const command of pipe.commands) {
    const result = evaluateCommand(state, dot, command, piped);
    const isAny = result?.kind === "interface" && result.type.needs.length === 0;
    piped = { value: isAny ? unbox(result) : result };
  }
  const value = piped?.value;
  for (const { names } of pipe.variables) {
    if (pipe.isAssign) state.assign(names[0], value);
    else state.declare(names[0], value);
  }
  return value;
}

function evaluateCommand(state: State, dot: Operand, command: CommandNode, piped: Piped): Operand {
  const [first, ...args] = command.args;
  const given: Given = { args, piped };
  switch (first.kind) {
    case "field":
      state.at(first);
      return evaluateFields(state, dot, dot, first, first.names, given);
    case "chain":
      state.at(first);
      return evaluateFields(state, dot, evaluateChained(state, dot, first.of), first, first.names, given);
    case "identifier":
      return evaluateFunction(state, dot, first, first.name, command, given);
    case "pipe":
      refuseArguments(state, first, given);
      return evaluatePipe(state, dot, first);
    case "variable":
      return evaluateVariable(state, dot, first, given);
    default:
      state.at(first);
      refuseArguments(state, first, given);
      if (first.kind === "dot") return dot;
      if (first.kind === "nil") return state.fail("nil is not a command");
      return orFail(state, () => valueOfLiteral(first));
  }
}

function refuseArguments(state: State, first: Node, given: Given): void {
  if (given.args.length > 0 || given.piped !== undefined)
    state.fail(`can't give argument to non-function ${showNode(first)}`);
}

function evaluateVariable(state: State, dot: Operand, node: VariableNode, given: Given): Operand {
  state.at(node);
  const [name, ...fields] = node.names;
  const value = state.valueOf(name);
  if (fields.length > 0) return evaluateFields(state, dot, value, node, fields, given);
  refuseArguments(state, node, given);
  return value;
}

/** `.a.b.c arguments`: only the last name takes the arguments. */
function evaluateFields(
  state: State,
  dot: Operand,
  receiver: Operand,
  node: Node,
  names: readonly string[],
  given: Given,
): Operand {
  let value = receiver;
  const last = names.length - 1;
  names.forEach((name, at) => {
    value = evaluateField(state, dot, value, node, name, at === last ? given : nothingGiven);
  });
  return value;
}

function evaluateField(
  state: State,
  dot: Operand,
  receiver: Operand,
  node: Node,
  name: string,
  given: Given,
): Operand {
  const hasArguments = given.args.length > 0 || given.piped !== undefined;
  const found = orFail(state, () => findField(receiver, name, hasArguments));
  return "method" in found ? evaluateCall(state, dot, found.method, node, name, given) : found.value;
}

function evaluateChained(state: State, dot: Operand, of: OperandNode): Operand {
  state.at(of);
  if (of.kind === "pipe") return evaluatePipe(state, dot, of);
  if (of.kind === "identifier") return evaluateFunction(state, dot, of, of.name, of, nothingGiven);
  return state.fail(`can't evaluate command ${showNode(of)}`);
}

function evaluateFunction(
  state: State,
  dot: Operand,
  node: Node,
  name: string,
  command: Node,
  given: Given,
): Operand {
  state.at(node);
  const found = state.run.functions.get(name) ?? state.fail(`"${name}" is not a defined function`);
  if (name === "and" || name === "or") return evaluateLogic(state, dot, found, name, given);
  if (name === "call") return evaluateCallOfValue(state, dot, found, command, given);
  return evaluateCall(state, dot, found, command, name, given);
}

function evaluateCall(
  state: State,
  dot: Operand,
  called: EngineFunction,
  node: Node,
  name: string,
  given: Given,
): Operand {
  const args = evaluateArguments(state, dot, called.type, name, given);
  for (const each of args) {
    const value = unbox(each);
    if (value?.kind === "string") state.run.budget.read(value.value.length);
  }
  return guard(state, node, name, () => called.call(state.run.budget, args));
}

function evaluateCallOfValue(
  state: State,
  dot: Operand,
  called: EngineFunction,
  node: Node,
  given: Given,
): Operand {
  const [callee, ...args] = evaluateArguments(state, dot, called.type, "call", given);
  const first = given.args[0];
  const piped = unbox(given.piped?.value);
  const shown = first === undefined ? `<${piped?.type.name ?? "invalid"} Value>` : showNode(first);
  return guard(state, node, "call", () =>
    callValue(piped?.kind === "string" && first === undefined ? piped.value : shown, callee, args),
  );
}

/** `and` and `or` evaluate no more than they need, and give back the argument that decided. */
function evaluateLogic(
  state: State,
  dot: Operand,
  called: EngineFunction,
  name: string,
  given: Given,
): Operand {
  checkCount(state, called.type, name, given);
  let value: Operand;
  for (const arg of given.args) {
    value = evaluateArgument(state, dot, arg, operandType);
    if (isTrue(toValue(value)) === (name === "or")) return value;
  }
  return given.piped === undefined ? value : given.piped.value;
}

function checkCount(state: State, type: FuncType, name: string, given: Given): void {
  const count = given.args.length + (given.piped === undefined ? 0 : 1);
  if (type.variadic) {
    const least = type.params.length - 1;
    if (count < least)
      state.fail(`wrong number of args for ${name}: want at least ${least} got ${given.args.length}`);
  } else if (count !== type.params.length) {
    state.fail(`wrong number of args for ${name}: want ${type.params.length} got ${count}`);
  }
}

function evaluateArguments(
  state: State,
  dot: Operand,
  type: FuncType,
  name: string,
  given: Given,
): Operand[] {
  checkCount(state, type, name, given);
  const typeAt = (at: number): GoType => type.params[Math.min(at, type.params.length - 1)] ?? operandType;
  const args = given.args.map((arg, at) => evaluateArgument(state, dot, arg, typeAt(at)));
  const { piped } = given;
  if (piped !== undefined) args.push(orFail(state, () => checkType(piped.value, typeAt(args.length))));
  return args;
}

function evaluateArgument(state: State, dot: Operand, node: OperandNode, type: GoType): Operand {
  state.at(node);
  if (node.kind === "nil")
    return canBeNil(type)
      ? fromPlace(zeroOf(type), type)
      : type === operandType
        ? undefined
        : state.fail(`cannot assign nil to ${type.name}`);
  if (isLiteral(node)) return orFail(state, () => literalAs(node, type));
  const value = evaluateOperand(state, dot, node);
  return orFail(state, () => checkType(value, type));
}

function evaluateOperand(
  state: State,
  dot: Operand,
  node: Exclude<OperandNode, { kind: "bool" | "number" | "string" }>,
): Operand {
  switch (node.kind) {
    case "field":
      return evaluateFields(state, dot, dot, node, node.names, nothingGiven);
    case "variable":
      return evaluateVariable(state, dot, node, nothingGiven);
    case "pipe":
      return evaluatePipe(state, dot, node);
    case "identifier":
      return evaluateFunction(state, dot, node, node.name, node, nothingGiven);
    case "chain":
      return evaluateFields(state, dot, evaluateChained(state, dot, node.of), node, node.names, nothingGiven);
    default:
      return dot;
  }
}

function orFail<T>(state: State, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof TypeFault) return state.fail(error.message);
    throw error;
  }
}

function guard(state: State, node: Node, name: string, call: () => Operand): Operand {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    state.node = node;
    return state.fail(`error calling ${name}: ${error.message}`);
  }
}
