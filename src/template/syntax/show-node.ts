/** A part of a template as source again, for messages: spaces and delimiters normalised as Go does. */
import { quote } from "../go/quote.ts";
import type { Node, PipeNode } from "./node.ts";

/** The source form, a byte string. */
export function showNode(node: Node): string {
  switch (node.kind) {
    case "text":
      return node.text;
    case "action":
      return `{{${showNode(node.pipe)}}}`;
    case "if":
    case "with":
    case "range": {
      const otherwise = node.otherwise === undefined ? "" : `{{else}}${showNode(node.otherwise)}`;
      return `{{${node.kind} ${showNode(node.pipe)}}}${showNode(node.list)}${otherwise}{{end}}`;
    }
    case "break":
    case "continue":
    case "end":
    case "else":
      return `{{${node.kind}}}`;
    case "template":
      return `{{template ${quote(node.name)}${node.pipe === undefined ? "" : ` ${showNode(node.pipe)}`}}}`;
    case "list":
      return node.nodes.map(showNode).join("");
    case "pipe":
      return showPipe(node);
    case "command":
      return node.args.map(showInParentheses).join(" ");
    case "identifier":
      return node.name;
    case "variable":
      return node.names.join(".");
    case "field":
      return `.${node.names.join(".")}`;
    case "chain":
      return `${showInParentheses(node.of)}.${node.names.join(".")}`;
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "bool":
      return String(node.value);
    case "number":
      return node.literal.text;
    case "string":
      return node.quoted;
  }
}

function showPipe(pipe: PipeNode): string {
  const commands = pipe.commands.map(showNode).join(" | ");
  if (pipe.variables.length === 0) return commands;
  return `${pipe.variables.map(showNode).join(", ")} ${pipe.isAssign ? "=" : ":="} ${commands}`;
}

function showInParentheses(node: Node): string {
  return node.kind === "pipe" ? `(${showNode(node)})` : showNode(node);
}
