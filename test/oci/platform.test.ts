/** Platforms are compared in containerd's normal form. */
import { describe, expect, test } from "bun:test";
import { isKnownPlatform, matchesPlatform, parsePlatform } from "../../src/oci/platform.ts";

describe("matchesPlatform()", () => {
  const same: [string, string][] = [
    ["linux/amd64", "linux/amd64"],
    ["linux/amd64", "linux/amd64/v3"],
    ["linux/amd64/v1", "linux/amd64"],
    ["linux/x86_64", "linux/amd64"],
    ["linux/i386", "linux/386"],
    ["linux/arm64", "linux/arm64/v8"],
    ["linux/arm64/v8", "linux/arm64"],
    ["linux/arm64/8", "linux/aarch64"],
    ["linux/arm64/v9", "linux/arm64/9.0"],
    ["linux/arm", "linux/arm/v6"],
    ["linux/arm/v7", "linux/arm"],
    ["linux/armhf", "linux/arm/v7"],
    ["linux/armel", "linux/arm/6"],
    ["Linux/AMD64", "linux/amd64"],
    ["macos/arm64", "darwin/arm64"],
  ];
  for (const [wanted, actual] of same) {
    test(`${wanted} takes ${actual}`, () => {
      expect(matchesPlatform(parsePlatform(wanted), parsePlatform(actual))).toBe(true);
    });
  }

  const different: [string, string][] = [
    ["linux/amd64", "windows/amd64"],
    ["linux/amd64", "linux/arm64"],
    ["linux/amd64/v3", "linux/amd64"],
    ["linux/arm64/v9", "linux/arm64"],
    ["linux/arm/v6", "linux/arm"],
    ["linux/armel", "linux/arm"],
    ["linux/386", "linux/amd64"],
  ];
  for (const [wanted, actual] of different) {
    test(`${wanted} leaves ${actual}`, () => {
      expect(matchesPlatform(parsePlatform(wanted), parsePlatform(actual))).toBe(false);
    });
  }

  test("takes nothing that names no platform", () => {
    expect(matchesPlatform(parsePlatform("linux/amd64"), undefined)).toBe(false);
    expect(isKnownPlatform(undefined)).toBe(false);
    expect(isKnownPlatform({ os: "unknown", architecture: "unknown" })).toBe(false);
    expect(isKnownPlatform({ os: "linux", architecture: "" })).toBe(false);
    expect(isKnownPlatform(parsePlatform("linux/amd64"))).toBe(true);
  });
});
