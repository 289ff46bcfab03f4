/** What a template can call: a checked signature and a body over plain JS values. */
import type { Budget } from "../budget.ts";
import type { FuncType } from "./types.ts";
import type { Value } from "./value.ts";

/** A function or method as the engine sees it. */
export interface Callable {
  type: FuncType;
  /** Arguments have the types that `type` says. @throws GoError what the function itself refuses */
  call: (budget: Budget, args: readonly Value[]) => Value;
}
