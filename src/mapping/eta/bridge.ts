/** The way from a sandboxed template to the functions of the template room: JSON text in, JSON text out. */
import * as v from "valibot";
import { messageOf } from "../../errors.ts";
import { Budget } from "../../template/budget.ts";
import { callFunction, callMethod, methodNames, printed } from "../../template/call-function.ts";
import { GoError } from "../../template/go/go-error.ts";
import { decodeText } from "../../template/go/utf8.ts";
import { Opaque, type Plain, toPlain } from "../../template/plain-values.ts";
import type { Value } from "../../template/values/model.ts";
import { referenceFunctions } from "../reference-functions.ts";

/** What a template asks: its data, a function, or a method of a value it was handed. */
const questionSchema = v.union([
  v.object({ it: v.literal(true) }),
  v.object({ f: v.string(), a: v.array(v.unknown()), h: v.optional(v.number()) }),
]);

const taggedSchema = v.union([
  v.object({ i: v.string() }),
  v.object({ n: v.string() }),
  v.object({ h: v.number() }),
  v.object({ o: v.record(v.string(), v.unknown()) }),
]);

/** Answers the questions of one template; `begin` starts the next run with its data. */
export class Bridge {
  #dot: Value | undefined;
  #budget = new Budget();
  /** Values with methods that the template has a name for, by that name. */
  #values: Value[] = [];

  begin(dot: Value): void {
    this.#dot = dot;
    this.#budget = new Budget();
    this.#values = [];
  }

  /** Never throws: errors are answers. */
  readonly answer = (question: string): string => {
    try {
      const asked: unknown = JSON.parse(question);
      return JSON.stringify({ value: this.#encode(this.#ask(v.parse(questionSchema, asked))) });
    } catch (error) {
      const text = messageOf(error);
      return JSON.stringify({ error: error instanceof GoError ? decodeText(text) : text });
    }
  };

  #ask(question: v.InferOutput<typeof questionSchema>): Plain {
    if ("it" in question) return this.#dot === undefined ? null : toPlain(this.#dot);
    this.#budget.steps();
    const args = question.a.map((each) => this.#decode(each));
    if (question.h !== undefined)
      return callMethod(this.#valueAt(question.h), question.f, args, this.#budget);
    return callFunction(question.f, args, this.#budget, referenceFunctions);
  }

  #valueAt(id: number): Value {
    const value = this.#values[id];
    if (value === undefined) throw new GoError("there is no such value");
    return value;
  }

  #encode(plain: Plain): unknown {
    if (typeof plain === "bigint") return { i: String(plain) };
    if (typeof plain === "number") return Number.isFinite(plain) ? plain : { n: String(plain) };
    if (plain === null || typeof plain !== "object") return plain;
    if (plain instanceof Opaque) {
      const h = this.#values.push(plain.value) - 1;
      return { h, t: decodeText(printed(plain.value, this.#budget)), m: methodNames(plain.value) };
    }
    if (Array.isArray(plain)) return plain.map((each: Plain) => this.#encode(each));
    return { o: Object.fromEntries(Object.entries(plain).map(([key, each]) => [key, this.#encode(each)])) };
  }

  #decode(value: unknown): Plain {
    if (
      value === null ||
      typeof value === "string" ||
      typeof value === "number" ||
      typeof value === "boolean"
    )
      return value;
    if (Array.isArray(value)) return value.map((each) => this.#decode(each));
    const tagged = v.parse(taggedSchema, value);
    if ("i" in tagged) return BigInt(tagged.i);
    if ("n" in tagged) return Number(tagged.n);
    if ("h" in tagged) return new Opaque(this.#valueAt(tagged.h));
    return Object.fromEntries(Object.entries(tagged.o).map(([key, each]) => [key, this.#decode(each)]));
  }
}
