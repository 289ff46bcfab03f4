/** Parses a template and the ones that it defines (parse/parse.go). */
import { quote } from "../go/quote.ts";
import { isSpace } from "../go/unicode.ts";
import { runesOf } from "../go/utf8.ts";
import { Lexer } from "./lexer.ts";
import type { BranchNode, ListNode, Statement, TemplateNode, Tree, WordNode } from "./node.ts";
import { parsePipeline, stringOf } from "./parse-pipeline.ts";
import { deeper, type Scope } from "./scope.ts";
import { showNode } from "./show-node.ts";
import type { Token } from "./token.ts";
import { TokenStream } from "./token-stream.ts";

/** Opens a new tree over the same lexer. */
type OpenScope = (outer: Scope | undefined) => Scope;

interface Context {
  open: OpenScope;
  trees: Map<string, Tree>;
}

/**
 * All trees of a source by their names; the file's own has the name `name`.
 * @param name,source byte strings
 * @param hasFunction whether a template may call a function of that name
 * @throws TemplateError
 */
export function parseTrees(
  name: string,
  source: string,
  hasFunction: (name: string) => boolean,
): ReadonlyMap<string, Tree> {
  const lexer = new Lexer(source);
  const open: OpenScope = (outer) => ({
    tokens: new TokenStream(lexer, name),
    variables: ["$"],
    loops: 0,
    depth: outer?.depth ?? 0,
    hasFunction,
  });
  const context: Context = { open, trees: new Map() };
  const scope = open(undefined);
  add(context, scope, { name, root: parseFile(context, scope) });
  return context.trees;
}

function parseFile(context: Context, scope: Scope): ListNode {
  const { tokens } = scope;
  const root: ListNode = { kind: "list", at: tokens.peek().at, nodes: [] };
  while (tokens.peek().kind !== "eof") {
    if (tokens.peek().kind === "left") {
      const left = tokens.next();
      const word = tokens.nextWord();
      if (word.kind === "define") {
        parseDefinition(context, context.open(scope));
        continue;
      }
      tokens.back(left, word);
    }
    const node = parseStatement(context, scope);
    if (node.kind === "end" || node.kind === "else") tokens.fail(`unexpected ${showNode(node)}`);
    root.nodes.push(node);
  }
  return root;
}

/** `{{define "name"}}...{{end}}`; the word is read already. */
function parseDefinition(context: Context, scope: Scope): void {
  const { tokens } = scope;
  const name = stringOf(scope, tokens.expect(["string", "raw"], "define clause"));
  tokens.expect(["right"], "define clause");
  const { list, last } = parseList(context, scope);
  if (last.kind !== "end") tokens.fail(`unexpected ${showNode(last)} in define clause`);
  add(context, scope, { name, root: list });
}

function add(context: Context, scope: Scope, tree: Tree): void {
  const old = context.trees.get(tree.name);
  if (old === undefined || isEmpty(old.root)) context.trees.set(tree.name, tree);
  else if (!isEmpty(tree.root))
    scope.tokens.fail(`template: multiple definition of template ${quote(tree.name)}`);
}

function isEmpty(list: ListNode): boolean {
  return list.nodes.every((node) => node.kind === "text" && runesOf(node.text).every(isSpace));
}

/** Statements up to `{{end}}` or `{{else}}`. */
function parseList(context: Context, scope: Scope): { list: ListNode; last: WordNode } {
  const { tokens } = scope;
  const list: ListNode = { kind: "list", at: tokens.peekWord().at, nodes: [] };
  while (tokens.peekWord().kind !== "eof") {
    const node = parseStatement(context, scope);
    if (node.kind === "end" || node.kind === "else") return { list, last: node };
    list.nodes.push(node);
  }
  return tokens.fail("unexpected EOF");
}

function parseStatement(context: Context, scope: Scope): Statement {
  const { tokens } = scope;
  const token = tokens.nextWord();
  if (token.kind === "text") return { kind: "text", at: token.at, text: token.text };
  if (token.kind !== "left") return tokens.unexpected(token, "input");
  tokens.actionLine = token.line;
  const statement = parseAction(context, scope);
  tokens.actionLine = 0;
  return statement;
}

function parseAction(context: Context, scope: Scope): Statement {
  const { tokens } = scope;
  const token = tokens.nextWord();
  switch (token.kind) {
    case "block":
      return deeper(scope, () => parseBlock(context, scope));
    case "break":
    case "continue":
      return parseJump(scope, token, token.kind);
    case "else":
      return parseElse(scope);
    case "end":
      return { kind: "end", at: tokens.expect(["right"], "end").at };
    case "if":
    case "range":
    case "with":
      return parseBranch(context, scope, token.kind);
    case "template":
      return parseCall(scope);
    default:
      tokens.back(token);
      return { kind: "action", at: token.at, pipe: parsePipeline(scope, "command", "right") };
  }
}

function parseJump(scope: Scope, word: Token, kind: "break" | "continue"): WordNode {
  const token = scope.tokens.nextWord();
  if (token.kind !== "right") scope.tokens.unexpected(token, `{{${kind}}}`);
  if (scope.loops === 0) scope.tokens.fail(`{{${kind}}} outside {{range}}`);
  return { kind, at: word.at };
}

function parseElse(scope: Scope): WordNode {
  const next = scope.tokens.peekWord();
  // `{{else if` stays to be read as the `{{if` of the else list.
  if (next.kind === "if" || next.kind === "with") return { kind: "else", at: next.at };
  return { kind: "else", at: scope.tokens.expect(["right"], "else").at };
}

function parseBranch(context: Context, scope: Scope, kind: BranchNode["kind"]): BranchNode {
  return deeper(scope, () => {
    const declared = scope.variables.length;
    const pipe = parsePipeline(scope, kind, "right");
    if (kind === "range") scope.loops++;
    const { list, last } = parseList(context, scope);
    if (kind === "range") scope.loops--;
    const otherwise = last.kind === "else" ? parseOtherwise(context, scope, kind, last) : undefined;
    scope.variables.length = declared;
    return { kind, at: pipe.at, pipe, list, otherwise };
  });
}

function parseOtherwise(context: Context, scope: Scope, kind: BranchNode["kind"], word: WordNode): ListNode {
  const { tokens } = scope;
  if (kind !== "range" && tokens.peek().kind === kind) {
    tokens.next();
    return { kind: "list", at: word.at, nodes: [parseBranch(context, scope, kind)] };
  }
  const { list, last } = parseList(context, scope);
  if (last.kind !== "end") tokens.fail(`expected end; found ${showNode(last)}`);
  return list;
}

/** `{{block "name" pipeline}}...{{end}}` defines a template and calls it. */
function parseBlock(context: Context, scope: Scope): TemplateNode {
  const { tokens } = scope;
  const token = tokens.nextWord();
  const name = parseName(scope, token, "block clause");
  const pipe = parsePipeline(scope, "block clause", "right");
  const inner = context.open(scope);
  const { list, last } = parseList(context, inner);
  if (last.kind !== "end") tokens.fail(`unexpected ${showNode(last)} in block clause`);
  add(context, inner, { name, root: list });
  return { kind: "template", at: token.at, name, pipe };
}

function parseCall(scope: Scope): TemplateNode {
  const { tokens } = scope;
  const token = tokens.nextWord();
  const name = parseName(scope, token, "template clause");
  const next = tokens.nextWord();
  if (next.kind === "right") return { kind: "template", at: token.at, name, pipe: undefined };
  tokens.back(next);
  return { kind: "template", at: token.at, name, pipe: parsePipeline(scope, "template clause", "right") };
}

function parseName(scope: Scope, token: Token, context: string): string {
  if (token.kind !== "string" && token.kind !== "raw") scope.tokens.unexpected(token, context);
  return stringOf(scope, token);
}
