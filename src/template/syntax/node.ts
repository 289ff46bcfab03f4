/** The parts of a parsed template. `at` is a byte offset in the source, for messages. */
import type { NumberLiteral } from "./read-number.ts";

export interface TextNode {
  kind: "text";
  at: number;
  text: string;
}

/** `{{pipeline}}` */
export interface ActionNode {
  kind: "action";
  at: number;
  pipe: PipeNode;
}

/** `{{if}}`, `{{with}}`, `{{range}}` */
export interface BranchNode {
  kind: "if" | "with" | "range";
  at: number;
  pipe: PipeNode;
  list: ListNode;
  otherwise: ListNode | undefined;
}

/** `{{break}}`, `{{continue}}`; also `{{end}}` and `{{else}}`, which only the parser sees. */
export interface WordNode {
  kind: "break" | "continue" | "end" | "else";
  at: number;
}

/** `{{template "name" pipeline}}`, and what is left of a `{{block}}` */
export interface TemplateNode {
  kind: "template";
  at: number;
  name: string;
  pipe: PipeNode | undefined;
}

export interface ListNode {
  kind: "list";
  at: number;
  nodes: Statement[];
}

/** `$a, $b := command | command` */
export interface PipeNode {
  kind: "pipe";
  at: number;
  /** The variables are assigned, not declared. */
  isAssign: boolean;
  variables: VariableNode[];
  commands: CommandNode[];
}

/** A function, method or value, and its arguments: never empty. */
export interface CommandNode {
  kind: "command";
  at: number;
  args: [Operand, ...Operand[]];
}

export interface IdentifierNode {
  kind: "identifier";
  at: number;
  name: string;
}

/** `$x.field.field`; the first name has its dollar sign. */
export interface VariableNode {
  kind: "variable";
  at: number;
  names: [string, ...string[]];
}

/** `.field.field` */
export interface FieldNode {
  kind: "field";
  at: number;
  names: [string, ...string[]];
}

/** `(pipeline).field.field` */
export interface ChainNode {
  kind: "chain";
  at: number;
  of: Operand;
  names: [string, ...string[]];
}

export interface DotNode {
  kind: "dot";
  at: number;
}

export interface NilNode {
  kind: "nil";
  at: number;
}

export interface BoolNode {
  kind: "bool";
  at: number;
  value: boolean;
}

export interface NumberNode {
  kind: "number";
  at: number;
  literal: NumberLiteral;
}

export interface StringNode {
  kind: "string";
  at: number;
  /** As written, with quotes. */
  quoted: string;
  value: string;
}

/** What can stand in a list. */
export type Statement = TextNode | ActionNode | BranchNode | WordNode | TemplateNode;

/** What can be an argument. */
export type Operand =
  | PipeNode
  | IdentifierNode
  | VariableNode
  | FieldNode
  | ChainNode
  | DotNode
  | NilNode
  | BoolNode
  | NumberNode
  | StringNode;

export type Node = Statement | Operand | ListNode | CommandNode;

/** One template: the file's own, or one that a `define` or `block` in it names. */
export interface Tree {
  name: string;
  root: ListNode;
}
