/** What one run of a template carries along. */
import type { Budget } from "../budget.ts";
import { quote } from "../go/quote.ts";
import { decodeText } from "../go/utf8.ts";
import type { Node, Tree } from "../syntax/node.ts";
import { showNode } from "../syntax/show-node.ts";
import { TemplateError } from "../template-error.ts";
import type { EngineFunction } from "./engine-function.ts";
import type { Operand } from "./operand.ts";

/** What stays the same in all templates of a run. */
export interface Run {
  /** The file's name, for messages; a byte string like all others. */
  name: string;
  source: string;
  trees: ReadonlyMap<string, Tree>;
  functions: ReadonlyMap<string, EngineFunction>;
  budget: Budget;
  /** What was written so far. */
  output: string[];
  /** Bytes in `output`. */
  outputBytes: number;
}

/** The state of one template in a run; a template that calls another makes a new one for it. */
export class State {
  readonly run: Run;
  readonly #templateName: string;
  /** Templates around. */
  readonly depth: number;
  /** The node being evaluated, for messages. */
  node: Node | undefined;
  readonly #variables: { name: string; value: Operand }[];

  constructor(run: Run, templateName: string, depth: number, dot: Operand) {
    this.run = run;
    this.#templateName = templateName;
    this.depth = depth;
    this.#variables = [{ name: "$", value: dot }];
  }

  /** Notes where we are, and counts a step. */
  at(node: Node): void {
    this.node = node;
    this.run.budget.steps();
  }

  /** How many variables there are; {@link forget} takes it. */
  mark(): number {
    return this.#variables.length;
  }

  /** Drops the variables declared since the mark. */
  forget(mark: number): void {
    this.#variables.length = mark;
  }

  declare(name: string, value: Operand): void {
    this.#variables.push({ name, value });
  }

  /** Sets the variable that was declared last under the name. */
  assign(name: string, value: Operand): void {
    this.#find(name).value = value;
  }

  /** Sets the variable `fromTop` places from the top, 1 being the last. */
  assignTop(fromTop: number, value: Operand): void {
    const variable = this.#variables.at(-fromTop);
    if (variable !== undefined) variable.value = value;
  }

  valueOf(name: string): Operand {
    return this.#find(name).value;
  }

  write(text: string): void {
    this.run.outputBytes += text.length;
    this.run.budget.output(this.run.outputBytes);
    this.run.output.push(text);
  }

  /** @throws TemplateError always, with the place in the file and the source form of the node */
  fail(message: string): never {
    const { name } = this.run;
    const where =
      this.node === undefined
        ? `${this.#templateName}: `
        : `${name}:${this.#place(this.node.at)}: executing ${quote(this.#templateName)} at <${showNode(this.node)}>: `;
    throw new TemplateError("exec", decodeText(`template: ${where}${message}`));
  }

  #find(name: string): { value: Operand } {
    return this.#variables.findLast((each) => each.name === name) ?? this.fail(`undefined variable: ${name}`);
  }

  /** Line from 1 and column in bytes from 0. */
  #place(at: number): string {
    const before = this.run.source.slice(0, at);
    return `${before.split("\n").length}:${at - (before.lastIndexOf("\n") + 1)}`;
  }
}
