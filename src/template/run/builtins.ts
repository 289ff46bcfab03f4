/** The functions that every template has, by their names. */

import { GoPanic } from "../go/go-error.ts";
import { bool } from "../values/make.ts";
import { isTrue } from "../values/truth.ts";
import { comparisons } from "./compare.ts";
import { builtin, type EngineFunction, operandType } from "./engine-function.ts";
import { index, length } from "./look-up.ts";
import { toValue } from "./operand.ts";
import { writers } from "./write-text.ts";

/** `and`, `or` and `call` are in the table for their parameters only: the engine evaluates them itself. */
function byEngine(): never {
  throw new GoPanic("unreachable");
}

/** Go's `builtins`, without `slice`, which sprig replaces. */
export const builtins: Readonly<Record<string, EngineFunction>> = {
  ...comparisons,
  ...writers,
  and: builtin([operandType, operandType], true, byEngine),
  or: builtin([operandType, operandType], true, byEngine),
  call: builtin([operandType, operandType], true, byEngine),
  not: builtin([operandType], false, (_budget, [arg]) => bool(!isTrue(toValue(arg)))),
  index,
  len: length,
};
