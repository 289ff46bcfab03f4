/** Spans of time as Go's time.Duration writes and reads them; nanoseconds in a bigint. */

import { GoError } from "./go-error.ts";
import { quoteTime } from "./parse-time.ts";

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  // The micro sign and the Greek letter, both in UTF-8 bytes.
  "\xc2\xb5s": 1000n,
  "\xce\xbcs": 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const limit = 1n << 63n;

/** `26h3m4s`, `1.5s`, `0s` (Go's `Duration.String`). */
export function formatDuration(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? "-" : "";
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size === 0n) return "0s";
  if (size < 1000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}\xc2\xb5s`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`;
  const minutes = size / 60_000_000_000n;
  const seconds = `${decimal(size % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return sign + seconds;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/**
 * Reads `-1.5h`, `2h45m` and the like (Go's `ParseDuration`).
 *
 * @throws GoError `time: invalid duration "TEXT"` and its kin
 */
export function parseDuration(text: string): bigint {
  const invalid = (): GoError => new GoError(`time: invalid duration ${quoteTime(text)}`);
  let rest = text.replace(/^[+-]/, "");
  if (rest === "0") return 0n;
  if (rest === "") throw invalid();
  let total = 0n;
  while (rest !== "") {
    const match = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest);
    const [number = "", whole = "", fraction = ""] = match ?? [];
    if (!/^[.0-9]/.test(rest) || overflows(whole) || whole + fraction === "") throw invalid();
    rest = rest.slice(number.length);
    const name = /^[^.0-9]*/.exec(rest)?.[0] ?? "";
    if (name === "") throw new GoError(`time: missing unit in duration ${quoteTime(text)}`);
    const unit = Object.hasOwn(units, name) ? units[name] : undefined;
    if (unit === undefined) {
      throw new GoError(`time: unknown unit ${quoteTime(name)} in duration ${quoteTime(text)}`);
    }
    rest = rest.slice(name.length);
    if (BigInt(whole || "0") > limit / unit) throw invalid();
    total += BigInt(whole || "0") * unit + fractionOf(fraction, unit);
    if (total > limit) throw invalid();
  }
  if (text.startsWith("-")) return -total;
  if (total === limit) throw invalid();
  return total;
}

/** Rounds towards zero to a multiple; the number itself if `multiple` is not above 0 (Go's `Duration.Truncate`). */
export function truncateDuration(nanoseconds: bigint, multiple: bigint): bigint {
  return multiple <= 0n ? nanoseconds : nanoseconds - (nanoseconds % multiple);
}

/** Rounds down to a multiple; the number itself if `multiple` is not above 0. For spans of any size. */
export function floorDuration(nanoseconds: bigint, multiple: bigint): bigint {
  if (multiple <= 0n) return nanoseconds;
  const over = nanoseconds % multiple;
  return nanoseconds - (over < 0n ? over + multiple : over);
}

/** Rounds up or down to the nearest multiple, halves up; for spans of any size (Go's `Time.Round`). */
export function roundSpan(nanoseconds: bigint, multiple: bigint): bigint {
  if (multiple <= 0n) return nanoseconds;
  const floor = floorDuration(nanoseconds, multiple);
  return 2n * (nanoseconds - floor) < multiple ? floor : floor + multiple;
}

/** Rounds to the nearest multiple, halves away from zero (Go's `Duration.Round`). */
export function roundDuration(nanoseconds: bigint, multiple: bigint): bigint {
  if (multiple <= 0n) return nanoseconds;
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const rounded = ((2n * size + multiple) / (2n * multiple)) * multiple;
  const most = nanoseconds < 0n ? limit : limit - 1n;
  const held = rounded > most ? most : rounded;
  return nanoseconds < 0n ? -held : held;
}

/** Go reads at most as many digits of a fraction as an int64 holds, and works them out in floating point. */
function fractionOf(digits: string, unit: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    if (value > (limit - 1n) / 10n) break;
    const next = value * 10n + BigInt(digit);
    if (next > limit) break;
    value = next;
    scale *= 10;
  }
  return value === 0n ? 0n : BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

function overflows(digits: string): boolean {
  const significant = digits.replace(/^0+/, "");
  return significant.length > 19 || BigInt(significant || "0") > limit;
}

/** `value / 10**places` without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const scale = 10n ** BigInt(places);
  const fraction = String(value % scale)
    .padStart(places, "0")
    .replace(/0+$/, "");
  return `${value / scale}${fraction === "" ? "" : `.${fraction}`}`;
}
