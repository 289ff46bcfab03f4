/** fmt.Sprint and fmt.Sprintln: values one after the other. */
import type { Budget } from "../budget.ts";
import type { Value } from "../values/model.ts";
import { Printer } from "./printer.ts";
import { plain } from "./spec.ts";

/** fmt.Sprint: a space between two neighbours when neither is a string. @throws AceError over the budget */
export function sprint(budget: Budget, values: readonly Value[]): string {
  const printer = new Printer(budget);
  for (const [at, value] of values.entries()) {
    const previous = values[at - 1];
    if (previous !== undefined && previous.kind !== "string" && value.kind !== "string") printer.write(" ");
    printer.argument(value, plain);
  }
  return printer.text;
}

/** fmt.Sprintln: a space between all, a line feed at the end. @throws AceError over the budget */
export function sprintln(budget: Budget, values: readonly Value[]): string {
  const printer = new Printer(budget);
  for (const [at, value] of values.entries()) {
    if (at > 0) printer.write(" ");
    printer.argument(value, plain);
  }
  printer.write("\n");
  return printer.text;
}
