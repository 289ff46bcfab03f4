/** What a method of a template value is. */
import type { Callable } from "./callable.ts";
import type { Value } from "./value.ts";

/** A method, bound to its receiver only when it is called. */
export interface Method {
  /** Its signature without the receiver. */
  bind: (receiver: Value) => Callable;
}
