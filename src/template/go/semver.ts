/** Semantic versions as Masterminds/semver v3.3.0 reads, orders and raises them; byte strings throughout. */

import { GoError } from "./go-error.ts";

/** A version. The numbers are Go's uint64. */
export interface Version {
  major: bigint;
  minor: bigint;
  patch: bigint;
  /** Without its hyphen; "" for a release. */
  prerelease: string;
  /** Without its plus; plays no part in the order. */
  metadata: string;
  /** As it was written. */
  original: string;
}

const versionForm =
  /^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

/**
 * Reads a version, loosely: minor and patch may be missing, a `v` may stand before it.
 *
 * @throws GoError with the library's texts
 */
export function parseVersion(text: string): Version {
  const match = versionForm.exec(text);
  if (match === null) throw new GoError("Invalid Semantic Version");
  const [, major = "", minor = ".0", patch = ".0", prerelease = "", metadata = ""] = match;
  const version = {
    major: segment(major),
    minor: segment(minor.slice(1)),
    patch: segment(patch.slice(1)),
    prerelease,
    metadata,
    original: text,
  };
  checkPrerelease(prerelease);
  return version;
}

/** `1.2.3-beta.1+build`. */
export function formatVersion(version: Version): string {
  const { major, minor, patch, prerelease, metadata } = version;
  const numbers = `${major}.${minor}.${patch}`;
  return numbers + (prerelease && `-${prerelease}`) + (metadata && `+${metadata}`);
}

/** -1, 0 or 1 by SemVer's precedence; metadata does not count. */
export function compareVersions(left: Version, right: Version): number {
  return (
    order(left.major, right.major) ||
    order(left.minor, right.minor) ||
    order(left.patch, right.patch) ||
    comparePrereleases(left.prerelease, right.prerelease)
  );
}

/** -1, 0 or 1; a release is above its prereleases. */
export function comparePrereleases(left: string, right: string): number {
  if (left === "" || right === "") return order(right.length > 0 ? 1 : 0, left.length > 0 ? 1 : 0);
  const lefts = left.split(".");
  const rights = right.split(".");
  for (let at = 0; at < Math.max(lefts.length, rights.length); at++) {
    const ordered = comparePart(lefts[at] ?? "", rights[at] ?? "");
    if (ordered !== 0) return ordered;
  }
  return 0;
}

/** The next version: a prerelease's next patch is its own release. */
export function incrementVersion(version: Version, part: "major" | "minor" | "patch"): Version {
  const { major, minor, patch } = version;
  const next = { ...version, prerelease: "", metadata: "" };
  if (part === "major") Object.assign(next, { major: wrap(major + 1n), minor: 0n, patch: 0n });
  else if (part === "minor") Object.assign(next, { minor: wrap(minor + 1n), patch: 0n });
  else if (version.prerelease === "") next.patch = wrap(patch + 1n);
  return withOriginal(next, version);
}

/**
 * The same version with another prerelease.
 *
 * @throws GoError for what no prerelease can be
 */
export function withPrerelease(version: Version, prerelease: string): Version {
  checkPrerelease(prerelease);
  return withOriginal({ ...version, prerelease }, version);
}

/**
 * The same version with other metadata.
 *
 * @throws GoError for what no metadata can be
 */
export function withMetadata(version: Version, metadata: string): Version {
  if (!/^[0-9A-Za-z.-]*$/.test(metadata)) throw new GoError("Invalid Metadata string");
  return withOriginal({ ...version, metadata }, version);
}

function withOriginal(version: Version, before: Version): Version {
  const prefix = before.original.startsWith("v") ? "v" : "";
  return { ...version, original: prefix + formatVersion(version) };
}

function checkPrerelease(prerelease: string): void {
  for (const part of prerelease.split(".")) {
    if (/^0[0-9]+$/.test(part)) throw new GoError("Version segment starts with 0");
    if (!/^[0-9A-Za-z-]*$/.test(part)) throw new GoError("Invalid Prerelease string");
  }
}

function segment(digits: string): bigint {
  const number = numberOf(digits);
  if (number !== undefined) return number;
  throw new GoError(
    `Error parsing version segment: strconv.ParseUint: parsing "${digits}": value out of range`,
  );
}

function comparePart(left: string, right: string): number {
  if (left === right) return 0;
  if (left === "" || right === "") return left === "" ? -1 : 1;
  const leftNumber = numberOf(left);
  const rightNumber = numberOf(right);
  if (leftNumber !== undefined && rightNumber !== undefined) return leftNumber > rightNumber ? 1 : -1;
  if (leftNumber !== undefined) return -1;
  if (rightNumber !== undefined) return 1;
  return left > right ? 1 : -1;
}

/** A uint64, or undefined: more digits than that are no number. */
function numberOf(text: string): bigint | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined;
  const number = BigInt(text.replace(/^0+(?=[0-9])/, "").slice(0, 21));
  return number < 1n << 64n ? number : undefined;
}

function order<T extends bigint | number>(left: T, right: T): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function wrap(number: bigint): bigint {
  return BigInt.asUintN(64, number);
}
