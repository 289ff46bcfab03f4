/** Parses what stands between `{{` and `}}`: declarations, commands, operands (parse/parse.go, pipeline). */
import { quote } from "../go/quote.ts";
import { unquote } from "../go/unquote.ts";
import type { CommandNode, Operand, PipeNode, VariableNode } from "./node.ts";
import { NumberFault, type NumberLiteral, readCharacter, readComplex, readNumber } from "./read-number.ts";
import { deeper, type Scope } from "./scope.ts";
import { showNode } from "./show-node.ts";
import type { Token, TokenKind } from "./token.ts";

const beginsCommand: ReadonlySet<TokenKind> = new Set([
  "bool",
  "character",
  "complex",
  "dot",
  "field",
  "identifier",
  "number",
  "nil",
  "raw",
  "string",
  "variable",
  "(",
]);

const notExecutable: ReadonlySet<Operand["kind"]> = new Set(["bool", "dot", "nil", "number", "string"]);

/** A pipeline up to the token `end`, which is taken too. */
export function parsePipeline(scope: Scope, context: string, end: TokenKind): PipeNode {
  const { tokens } = scope;
  const pipe: PipeNode = {
    kind: "pipe",
    at: tokens.peekWord().at,
    isAssign: false,
    variables: [],
    commands: [],
  };
  parseDeclarations(scope, context, pipe);
  for (;;) {
    const token = tokens.nextWord();
    if (token.kind === end) break;
    if (!beginsCommand.has(token.kind)) tokens.unexpected(token, context);
    tokens.back(token);
    pipe.commands.push(parseCommand(scope));
  }
  if (pipe.commands.length === 0) tokens.fail(`missing value for ${context}`);
  const bad = pipe.commands.findIndex((command, at) => at > 0 && notExecutable.has(command.args[0].kind));
  if (bad > 0) tokens.fail(`non executable command in pipeline stage ${bad + 1}`);
  return pipe;
}

function parseDeclarations(scope: Scope, context: string, pipe: PipeNode): void {
  const { tokens } = scope;
  while (tokens.peekWord().kind === "variable") {
    const variable = tokens.next();
    const after = tokens.peek();
    const next = tokens.peekWord();
    if (next.kind === "assign" || next.kind === "declare") {
      pipe.isAssign = next.kind === "assign";
      tokens.next();
      declare(scope, pipe, variable);
      return;
    }
    if (next.kind !== "char" || next.text !== ",") {
      // An argument, not a declaration. The space after it is a token that separates it from the next argument.
      if (after.kind === "space") tokens.back(variable, after);
      else tokens.back(variable);
      return;
    }
    tokens.next();
    declare(scope, pipe, variable);
    if (context !== "range" || pipe.variables.length >= 2) tokens.fail(`too many declarations in ${context}`);
    if (!["variable", "right", ")"].includes(tokens.peekWord().kind))
      tokens.fail("range can only initialize variables");
  }
}

function declare(scope: Scope, pipe: PipeNode, token: Token): void {
  pipe.variables.push(variableOf(token.at, token.text));
  scope.variables.push(token.text);
}

function parseCommand(scope: Scope): CommandNode {
  const { tokens } = scope;
  const at = tokens.peekWord().at;
  const args: Operand[] = [];
  for (;;) {
    tokens.peekWord();
    const operand = parseOperand(scope);
    if (operand !== undefined) args.push(operand);
    const token = tokens.next();
    if (token.kind === "space") continue;
    if (token.kind === "right" || token.kind === ")") tokens.back(token);
    else if (token.kind !== "|") tokens.unexpected(token, "operand");
    break;
  }
  const [first, ...rest] = args;
  if (first === undefined) return tokens.fail("empty command");
  return { kind: "command", at, args: [first, ...rest] };
}

/** A term and the fields after it; undefined when the next token begins none. */
function parseOperand(scope: Scope): Operand | undefined {
  const { tokens } = scope;
  const term = parseTerm(scope);
  if (term === undefined || tokens.peek().kind !== "field") return term;
  const at = tokens.peek().at;
  const names: string[] = [];
  while (tokens.peek().kind === "field") names.push(tokens.next().text.slice(1));
  const [first = "", ...rest] = names;
  if (term.kind === "field" || term.kind === "variable")
    return { ...term, at, names: [term.names[0], ...term.names.slice(1), ...names] };
  if (notExecutable.has(term.kind)) tokens.fail(`unexpected . after term ${quote(showNode(term))}`);
  return { kind: "chain", at, of: term, names: [first, ...rest] };
}

function parseTerm(scope: Scope): Operand | undefined {
  const { tokens } = scope;
  const token = tokens.nextWord();
  const { at, text } = token;
  switch (token.kind) {
    case "identifier":
      if (!scope.hasFunction(text)) tokens.fail(`function ${quote(text)} not defined`);
      return { kind: "identifier", at, name: text };
    case "dot":
    case "nil":
      return { kind: token.kind, at };
    case "variable":
      return useVariable(scope, token);
    case "field":
      return { kind: "field", at, names: [text.slice(1)] };
    case "bool":
      return { kind: "bool", at, value: text === "true" };
    case "character":
    case "complex":
    case "number":
      return { kind: "number", at, literal: literalOf(scope, token) };
    case "(":
      return deeper(scope, () => parsePipeline(scope, "parenthesized pipeline", ")"));
    case "string":
    case "raw":
      return { kind: "string", at, quoted: text, value: stringOf(scope, token) };
    default:
      tokens.back(token);
      return undefined;
  }
}

/** The bytes of a string token. @throws TemplateError */
export function stringOf(scope: Scope, token: Token): string {
  return unquote(token.text) ?? scope.tokens.fail("invalid syntax");
}

function literalOf(scope: Scope, token: Token): NumberLiteral {
  try {
    if (token.kind === "character") return readCharacter(token.text);
    return token.kind === "complex" ? readComplex(token.text) : readNumber(token.text);
  } catch (error) {
    if (error instanceof NumberFault) return scope.tokens.fail(error.message);
    throw error;
  }
}

function useVariable(scope: Scope, token: Token): VariableNode {
  if (!scope.variables.includes(token.text)) scope.tokens.fail(`undefined variable ${quote(token.text)}`);
  return variableOf(token.at, token.text);
}

function variableOf(at: number, name: string): VariableNode {
  return { kind: "variable", at, names: [name] };
}
