/** Values that print themselves: Go's error and fmt.Stringer. */
import type { Budget } from "../budget.ts";
import { GoError } from "../go/go-error.ts";
import type { Value } from "../values/model.ts";

/** The methods that fmt asks for, in its order; `%#v` asks for the other one. */
const names = ["Error", "String"] as const;
const goNames = ["GoString"] as const;

/** What a value says of itself. */
export interface OwnText {
  /** `Error`, `String` or `GoString`. */
  method: string;
  /** A byte string. */
  text: string;
  /** What the method panicked with instead of giving a text. */
  panic?: string;
}

/**
 * The text of the value's method `Error() string` or `String() string`; undefined where it has none.
 * @param asGo the text of `GoString() string` instead
 */
export function ownTextOf(budget: Budget, value: Value, asGo = false): OwnText | undefined {
  if (value.kind === "nil" || value.type.methods.size === 0) return undefined;
  for (const method of asGo ? goNames : names) {
    const callable = value.type.methods.get(method)?.bind(value);
    if (callable === undefined) continue;
    if (callable.type.params.length > 0 || callable.type.result.name !== "string") continue;
    try {
      const result = callable.call(budget, []);
      return { method, text: result.kind === "string" ? result.value : "" };
    } catch (error) {
      if (!(error instanceof GoError)) throw error;
      return { method, text: "", panic: error.message };
    }
  }
  return undefined;
}
