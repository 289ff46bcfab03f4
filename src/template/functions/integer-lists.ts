/** Functions that count: lists of integers, and `seq`, which is one as text. */
import type { Budget } from "../budget.ts";
import { defineWithBudget } from "../values/define.ts";
import { int, list } from "../values/make.ts";
import type { Value } from "../values/model.ts";
import { intType } from "../values/types.ts";

/** until, untilStep, seq. */
export const integerListFunctions = [
  defineWithBudget("until", "func(int) []int", (budget, count) =>
    asList(countUp(budget, 0, count, count < 0 ? -1 : 1)),
  ),
  defineWithBudget("untilStep", "func(int, int, int) []int", (budget, start, stop, step) =>
    asList(countUp(budget, start, stop, step)),
  ),
  defineWithBudget("seq", "func(...int) string", sequence),
];

function asList(numbers: readonly number[]): Value {
  return list(
    numbers.map((each) => int(each)),
    intType,
  );
}

/** From `start` on, before `stop`; none where the step leads away from it. */
function countUp(budget: Budget, start: number, stop: number, step: number): number[] {
  const isAway = stop < start ? step >= 0 : step <= 0;
  if (isAway || stop === start) return [];
  const length = Math.ceil((stop - start) / step);
  budget.list(length);
  budget.steps(length);
  return Array.from({ length }, (_, at) => start + at * step);
}

/** `seq END`, `seq START END`, `seq START STEP END`, the end included, as the command of that name. */
function sequence(budget: Budget, ...numbers: number[]): string {
  const [a, b, c] = numbers;
  if (a === undefined || numbers.length > 3) return "";
  const [start, end] = b === undefined ? [1, a] : [a, c ?? b];
  const direction = end < start ? -1 : 1;
  const step = c === undefined || b === undefined ? direction : b;
  if (c !== undefined && direction < 0 && step > 0) return "";
  return countUp(budget, start, end + direction, step).join(" ");
}
