/** Semantic versions, against results of Masterminds/semver v3.3.0. */
import { expect, test } from "bun:test";
import {
  compareVersions,
  formatVersion,
  incrementVersion,
  parseVersion,
  withMetadata,
  withPrerelease,
} from "../../../src/template/go/semver.ts";
import { parseConstraint, satisfies } from "../../../src/template/go/semver-constraint.ts";

test("versions are ordered by SemVer's precedence", () => {
  const ordered = [
    "1.0.0-1",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0-a",
    "1.0.0-a.1",
    "1.0.0-b",
    "1.0.0",
    "1.0.1",
    "1.10.0",
    "v2",
  ];
  for (const [at, low] of ordered.entries()) {
    for (const high of ordered.slice(at + 1)) {
      expect([low, high, compareVersions(parseVersion(low), parseVersion(high))]).toEqual([low, high, -1]);
      expect(compareVersions(parseVersion(high), parseVersion(low))).toBe(1);
    }
  }
  expect(compareVersions(parseVersion("1.2.3+a"), parseVersion("v1.2.3+b"))).toBe(0);
});

test("a version is read loosely and written whole", () => {
  expect(formatVersion(parseVersion("v1"))).toBe("1.0.0");
  expect(formatVersion(parseVersion("01.2"))).toBe("1.2.0");
  expect(formatVersion(parseVersion("1.2.3-a.1+b"))).toBe("1.2.3-a.1+b");
  const bad: [text: string, message: string][] = [
    ["", "Invalid Semantic Version"],
    ["1.2.3.4", "Invalid Semantic Version"],
    ["1.2.3-", "Invalid Semantic Version"],
    ["1.2.3-01", "Version segment starts with 0"],
    [
      "18446744073709551616",
      'Error parsing version segment: strconv.ParseUint: parsing "18446744073709551616": value out of range',
    ],
  ];
  for (const [text, message] of bad) expect(() => parseVersion(text)).toThrow(new Error(message));
});

test("a version is raised, and keeps the v it was written with", () => {
  const version = parseVersion("v1.2.3-rc.1+b");
  expect(incrementVersion(version, "patch").original).toBe("v1.2.3");
  expect(incrementVersion(version, "minor").original).toBe("v1.3.0");
  expect(incrementVersion(version, "major").original).toBe("v2.0.0");
  expect(formatVersion(incrementVersion(parseVersion("1.2.3"), "patch"))).toBe("1.2.4");
  expect(withPrerelease(version, "x").original).toBe("v1.2.3-x+b");
  expect(() => withPrerelease(version, "a_b")).toThrow("Invalid Prerelease string");
  expect(() => withMetadata(version, "a_b")).toThrow("Invalid Metadata string");
});

test("constraints let through what the library lets through", () => {
  const rows: [constraint: string, version: string, isFine: boolean][] = [
    ["1.2", "1.2.9", true],
    ["<=2", "2.5.0", true],
    [">1.2", "1.2.9", false],
    ["!=1.2", "1.2.9", false],
    [">=1.2.3", "1.2.4-beta", false],
    [">=1.2.3-0", "1.2.4-beta", true],
    ["!=1.2.3", "1.2.4-beta", true],
    ["^0.2.3", "0.3.0", false],
    ["^0.0.3", "0.0.4", false],
    ["~1.2.3", "1.3.0", false],
    ["~*", "7.0.0", true],
    ["1 - 2.3 || >=4, <5", "4.9.9", true],
    ["1 - 2.3 || >=4, <5", "2.4.0", false],
    ["=>1 =<2", "2.0.0", true],
  ];
  for (const [constraint, version, isFine] of rows) {
    const found = satisfies(parseVersion(version), parseConstraint(constraint));
    expect([constraint, version, found]).toEqual([constraint, version, isFine]);
  }
  for (const text of ["", "1.2.3.4", ">", "1 ||", "a"])
    expect(() => parseConstraint(text)).toThrow("improper constraint: ");
});
