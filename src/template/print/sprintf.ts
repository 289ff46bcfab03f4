/** fmt.Sprintf: a format with its flags, widths, argument numbers and error forms. */
import type { Budget } from "../budget.ts";
import { decodeRune, encodeText } from "../go/utf8.ts";
import type { Value } from "../values/model.ts";
import { isInt, typeName } from "../values/value.ts";
import { Printer } from "./printer.ts";
import { plain, type Spec } from "./spec.ts";

/** Widths, precisions and argument numbers beyond it are refused (fmt's tooLarge). */
const greatestNumber = 1_000_000;

/** fmt.Sprintf. Never fails but over the budget: faults of the format show in the text. @throws AceError over the budget */
export function sprintf(budget: Budget, format: string, values: readonly Value[]): string {
  const printer = new Printer(budget);
  new FormatRun(printer, budget, format, values).run();
  return printer.text;
}

/** The walk over one format. */
class FormatRun {
  readonly #printer: Printer;
  readonly #budget: Budget;
  readonly #format: string;
  readonly #values: readonly Value[];
  #at = 0;
  /** The next argument. */
  #next = 0;
  /** Whether an `[n]` stood anywhere: arguments left over are no fault then. */
  #isReordered = false;
  #isGoodNumber = true;
  #afterNumber = false;

  constructor(printer: Printer, budget: Budget, format: string, values: readonly Value[]) {
    this.#printer = printer;
    this.#budget = budget;
    this.#format = format;
    this.#values = values;
  }

  run(): void {
    while (this.#at < this.#format.length) {
      const percent = this.#format.indexOf("%", this.#at);
      this.#printer.write(this.#format.slice(this.#at, percent < 0 ? undefined : percent));
      if (percent < 0) break;
      this.#budget.steps();
      this.#at = percent + 1;
      if (!this.#conversion()) break;
    }
    if (!this.#isReordered && this.#next < this.#values.length) this.#extra();
  }

  /** One conversion; false at the end of the format. */
  #conversion(): boolean {
    const spec: Spec = { ...plain };
    this.#isGoodNumber = true;
    this.#flags(spec);
    this.#afterNumber = false;
    this.#argumentNumber();
    this.#width(spec);
    this.#precision(spec);
    if (!this.#afterNumber) this.#argumentNumber();
    if (this.#at >= this.#format.length) {
      this.#printer.write("%!(NOVERB)");
      return false;
    }
    const { rune, size } = decodeRune(this.#format, this.#at);
    this.#at += size;
    spec.verb = String.fromCodePoint(rune);
    this.#convert(spec);
    return true;
  }

  #convert(spec: Spec): void {
    const value = this.#values[this.#next];
    if (spec.verb === "%") this.#printer.write("%");
    else if (!this.#isGoodNumber) this.#printer.write(`%!${encodeText(spec.verb)}(BADINDEX)`);
    else if (value === undefined) this.#printer.write(`%!${encodeText(spec.verb)}(MISSING)`);
    else {
      const isGo = spec.verb === "v" || spec.verb === "w";
      this.#printer.argument(
        value,
        isGo ? { ...spec, sharpV: spec.sharp, plusV: spec.plus, sharp: false, plus: false } : spec,
      );
      this.#next++;
    }
  }

  #flags(spec: Spec): void {
    for (; this.#at < this.#format.length; this.#at++) {
      const flag = this.#format.charAt(this.#at);
      if (flag === "#") spec.sharp = true;
      else if (flag === "0") spec.zero = true;
      else if (flag === "+") spec.plus = true;
      else if (flag === "-") spec.minus = true;
      else if (flag === " ") spec.space = true;
      else return;
    }
  }

  #width(spec: Spec): void {
    if (this.#format.charAt(this.#at) !== "*") {
      spec.width = this.#number();
      if (this.#afterNumber && spec.width !== undefined) this.#isGoodNumber = false;
      return;
    }
    this.#at++;
    spec.width = this.#integerArgument();
    if (spec.width === undefined) this.#printer.write("%!(BADWIDTH)");
    else if (spec.width < 0) {
      spec.width = -spec.width;
      spec.minus = true;
      spec.zero = false;
    }
    this.#afterNumber = false;
  }

  #precision(spec: Spec): void {
    if (this.#at + 1 >= this.#format.length || this.#format.charAt(this.#at) !== ".") return;
    this.#at++;
    if (this.#afterNumber) this.#isGoodNumber = false;
    this.#argumentNumber();
    if (this.#format.charAt(this.#at) !== "*") {
      spec.precision = this.#number() ?? 0;
      return;
    }
    this.#at++;
    const given = this.#integerArgument();
    spec.precision = given !== undefined && given >= 0 ? given : undefined;
    if (spec.precision === undefined) this.#printer.write("%!(BADPREC)");
    this.#afterNumber = false;
  }

  /** Digits at the place; too great a number ends the format, as in fmt. */
  #number(): number | undefined {
    let number: number | undefined;
    for (; /^[0-9]$/.test(this.#format.charAt(this.#at)); this.#at++) {
      if ((number ?? 0) > greatestNumber) {
        this.#at = this.#format.length;
        return undefined;
      }
      number = (number ?? 0) * 10 + Number(this.#format.charAt(this.#at));
    }
    return number;
  }

  /** The argument for `*`, which is used up even when it is no integer. */
  #integerArgument(): number | undefined {
    const value = this.#values[this.#next];
    if (value === undefined) return undefined;
    this.#next++;
    if (!isInt(value)) return undefined;
    const number = Number(value.value);
    return Math.abs(number) > greatestNumber ? undefined : number;
  }

  /** `[n]`, counted from 1. A bad one is stepped over and spoils the conversion. */
  #argumentNumber(): void {
    this.#afterNumber = false;
    if (this.#format.charAt(this.#at) !== "[") return;
    this.#isReordered = true;
    const end = this.#format.indexOf("]", this.#at + 1);
    if (end < 0 || this.#at + 3 > this.#format.length) {
      this.#at++;
      this.#isGoodNumber = false;
      return;
    }
    const inside = this.#format.slice(this.#at + 1, end);
    this.#at = end + 1;
    const isNumber = /^[0-9]+$/.test(inside) && isBelowLimit(inside);
    this.#afterNumber = isNumber;
    if (isNumber && Number(inside) >= 1 && Number(inside) <= this.#values.length)
      this.#next = Number(inside) - 1;
    else this.#isGoodNumber = false;
  }

  #extra(): void {
    const extra = this.#values.slice(this.#next);
    this.#printer.write("%!(EXTRA ");
    for (const [at, value] of extra.entries()) {
      if (at > 0) this.#printer.write(", ");
      if (value.kind === "nil") this.#printer.write("<nil>");
      else {
        this.#printer.write(`${typeName(value)}=`);
        this.#printer.argument(value, plain);
      }
    }
    this.#printer.write(")");
  }
}

/** Whether fmt's parsenum takes the digits: it gives up at a digit that follows a number beyond the limit. */
function isBelowLimit(digits: string): boolean {
  return Number(digits.slice(0, -1)) <= greatestNumber;
}
