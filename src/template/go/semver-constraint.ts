/** Which versions a constraint such as `>=1.2 <2 || ~3.1` lets through, as Masterminds/semver v3.3.0 decides it. */

import { GoError } from "./go-error.ts";
import { compileRegexp, groupTexts } from "./regexp.ts";
import { comparePrereleases, compareVersions, parseVersion, type Version } from "./semver.ts";

/** One comparison: an operator and a version, of which the last parts may be left open (`1.2`, `1.x`). */
interface Comparison {
  operator: string;
  version: Version;
  /** Some part is open. `minorOpen`: all after the major; `patchOpen`: the patch alone; neither: all of it (`*`). */
  open: boolean;
  minorOpen: boolean;
  patchOpen: boolean;
}

/** Alternatives (`||`) of comparisons that must all hold. */
export type Constraint = readonly (readonly Comparison[])[];

/** A version with wildcards, the library's own pattern: ten groups, the first the whole, then major, minor, patch. */
const openVersion =
  "(v?([0-9|x|X|\\*]+)(\\.[0-9|x|X|\\*]+)?(\\.[0-9|x|X|\\*]+)?" +
  "(-([0-9A-Za-z\\-]+(\\.[0-9A-Za-z\\-]+)*))?(\\+([0-9A-Za-z\\-]+(\\.[0-9A-Za-z\\-]+)*))?)";
/** The empty operator stands second in the library's list, which decides between readings. */
const operator = "(=||!=|>|<|>=|=>|<=|=<|~|~>|\\^)";
const hyphenRange = `\\s*${openVersion}\\s+-\\s+${openVersion}\\s*`;
const comparisonForm = `${operator}\\s*${openVersion}`;
const alternativeForm = `^(\\s*${comparisonForm}\\s*)((?:\\s+|,\\s*)${comparisonForm}\\s*)*$`;

const kept = new Map<string, Constraint>();
const keptConstraints = 100;

/**
 * Reads a constraint; the last ones are kept.
 *
 * @throws GoError `improper constraint: TEXT`
 */
export function parseConstraint(text: string): Constraint {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const constraint = readConstraint(text);
  if (kept.size >= keptConstraints) kept.clear();
  kept.set(text, constraint);
  return constraint;
}

function readConstraint(text: string): Constraint {
  return expandRanges(text)
    .split("||")
    .map((alternative) => {
      // The library's patterns run on the RE2 engine: a hostile constraint must not make a backtracking one run away.
      if (!compileRegexp(alternativeForm).matches(alternative)) throw improper(alternative);
      const found = compileRegexp(comparisonForm).findAll(alternative, -1);
      return found.map(([start, end]) => parseComparison(alternative.slice(start, end)));
    });
}

/** Whether the version meets one of the alternatives. */
export function satisfies(version: Version, constraint: Constraint): boolean {
  return constraint.some((alternative) => alternative.every((comparison) => holds(version, comparison)));
}

/** Writes `1.2 - 1.4` as `>= 1.2, <= 1.4 `. */
function expandRanges(text: string): string {
  let expanded = text;
  for (const offsets of compileRegexp(hyphenRange).findAll(text, -1)) {
    const groups = groupTexts(text, offsets);
    expanded = expanded.replace(groups[0] ?? "", () => `>= ${groups[1] ?? ""}, <= ${groups[11] ?? ""} `);
  }
  return expanded;
}

function parseComparison(text: string): Comparison {
  const groups = compileRegexp(`^\\s*${comparisonForm}\\s*$`).findGroups(text);
  if (groups === undefined) throw improper(text);
  const [, sign = "", written = "", major = "", minor = "", patch = "", prerelease = ""] = groups;
  const comparison = { operator: sign, open: true, minorOpen: false, patchOpen: false };
  const read = (version: string): Version => {
    try {
      return parseVersion(version);
    } catch (error) {
      if (!(error instanceof GoError)) throw error;
      throw new GoError("constraint Parser Error");
    }
  };
  if (isOpen(major)) return { ...comparison, version: read(`0.0.0${prerelease}`) };
  if (isOpen(minor.slice(1))) {
    return { ...comparison, minorOpen: true, version: read(`${major}.0.0${prerelease}`) };
  }
  if (isOpen(patch.slice(1))) {
    return { ...comparison, patchOpen: true, version: read(`${major}${minor}.0${prerelease}`) };
  }
  return { ...comparison, open: false, version: read(written) };
}

function isOpen(part: string): boolean {
  return ["", "x", "X", "*"].includes(part);
}

function improper(text: string): GoError {
  return new GoError(`improper constraint: ${text}`);
}

function holds(version: Version, comparison: Comparison): boolean {
  // Prereleases are let through only where the constraint names one; `!=` with a whole version is the exception.
  const isHidden = version.prerelease !== "" && comparison.version.prerelease === "";
  if (comparison.operator === "!=") return isUnequal(version, comparison, isHidden);
  if (isHidden) return false;
  const ordered = compareVersions(version, comparison.version);
  switch (comparison.operator) {
    case ">":
      return isGreater(version, comparison, ordered);
    case "<":
      return ordered < 0;
    case ">=":
    case "=>":
      return ordered >= 0;
    case "<=":
    case "=<":
      return isAtMost(version, comparison, ordered);
    case "~":
    case "~>":
      return ordered >= 0 && isWithinTilde(version, comparison);
    case "^":
      return ordered >= 0 && isWithinCaret(version, comparison);
    default:
      return comparison.open ? ordered >= 0 && isWithinTilde(version, comparison) : ordered === 0;
  }
}

function isUnequal(version: Version, comparison: Comparison, isHidden: boolean): boolean {
  const other = comparison.version;
  if (comparison.open) {
    if (isHidden) return false;
    if (version.major !== other.major) return true;
    if (comparison.minorOpen) return false;
    if (version.minor !== other.minor) return true;
    if (comparison.patchOpen) {
      const isPlain = version.prerelease === "" && other.prerelease === "";
      return !isPlain && comparePrereleases(version.prerelease, other.prerelease) !== 0;
    }
    if (version.patch !== other.patch) return true;
  }
  return compareVersions(version, other) !== 0;
}

function isGreater(version: Version, comparison: Comparison, ordered: number): boolean {
  const other = comparison.version;
  if (!comparison.open) return ordered > 0;
  if (version.major !== other.major) return version.major > other.major;
  if (comparison.minorOpen) return false;
  return comparison.patchOpen ? version.minor > other.minor : ordered > 0;
}

function isAtMost(version: Version, comparison: Comparison, ordered: number): boolean {
  const other = comparison.version;
  if (!comparison.open) return ordered <= 0;
  if (version.major !== other.major) return version.major < other.major;
  return comparison.minorOpen || version.minor <= other.minor;
}

/** `~1.2.3`: the patch may be higher; `~1`: the minor too; `~*` and `~0.0.0`: anything. */
function isWithinTilde(version: Version, comparison: Comparison): boolean {
  const { version: other, minorOpen, patchOpen } = comparison;
  const isZero = other.major === 0n && other.minor === 0n && other.patch === 0n;
  if (isZero && !minorOpen && !patchOpen) return true;
  return version.major === other.major && (minorOpen || version.minor === other.minor);
}

/** `^1.2.3`: everything after the first number that is not zero may be higher. */
function isWithinCaret(version: Version, comparison: Comparison): boolean {
  const { version: other, minorOpen, patchOpen } = comparison;
  if (version.major !== other.major) return false;
  if (other.major > 0n || minorOpen) return true;
  if (version.minor !== other.minor) return false;
  return other.minor > 0n || patchOpen || version.patch === other.patch;
}
