/** The type `*semver.Version`, which the function `semver` returns, with the methods a template can call. */
import { GoPanic, nilDereference } from "../go/go-error.ts";
import {
  compareVersions,
  formatVersion,
  incrementVersion,
  type Version,
  withMetadata,
  withPrerelease,
} from "../go/semver.ts";
import { method } from "../values/define.ts";
import { bytes, integer, pointer, str, struct } from "../values/make.ts";
import type { GoType, Method, PointerValue, StructValue, Value } from "../values/model.ts";
import { pointerTo, stringType, structType, uint64Type } from "../values/types.ts";

/** The types that the methods' signatures name, filled below: they are read when a method is first called. */
const named: GoType[] = [];

const versionMethods: ReadonlyMap<string, Method> = new Map([
  ["String", method("func() string", (receiver) => formatVersion(versionOf(receiver)))],
  ["Major", method("func() uint64", (receiver) => versionOf(receiver).major)],
  ["Minor", method("func() uint64", (receiver) => versionOf(receiver).minor)],
  ["Patch", method("func() uint64", (receiver) => versionOf(receiver).patch)],
  ["Prerelease", method("func() string", (receiver) => versionOf(receiver).prerelease)],
  ["Metadata", method("func() string", (receiver) => versionOf(receiver).metadata)],
  ["IncMajor", derived((version) => incrementVersion(version, "major"))],
  ["IncMinor", derived((version) => incrementVersion(version, "minor"))],
  ["IncPatch", derived((version) => incrementVersion(version, "patch"))],
  ["SetPrerelease", changed(withPrerelease)],
  ["SetMetadata", changed(withMetadata)],
  ["MarshalText", method("func() ([]uint8, error)", (receiver) => bytes(formatVersion(versionOf(receiver))))],
  [
    "MarshalJSON",
    method("func() ([]uint8, error)", (receiver) => bytes(`"${formatVersion(versionOf(receiver))}"`)),
  ],
  ["Value", method("func() (any, error)", (receiver) => str(formatVersion(versionOf(receiver))))],
]);

const pointerMethods: ReadonlyMap<string, Method> = new Map([
  ["Original", method("func() string", (receiver) => versionOf(receiver).original)],
  ["Compare", method("func(*semver.Version) int", (receiver, other) => compare(receiver, other), named)],
  ["LessThan", comparison((order) => order < 0)],
  ["LessThanEqual", comparison((order) => order <= 0)],
  ["GreaterThan", comparison((order) => order > 0)],
  ["GreaterThanEqual", comparison((order) => order >= 0)],
  [
    "Equal",
    method(
      "func(*semver.Version) bool",
      (receiver, other) => !isNilPointer(other) && compare(receiver, other) === 0,
      named,
    ),
  ],
]);

/** What `IncMajor` and its like return: the struct itself, without the methods of the pointer. */
const versionType = structType(
  "semver.Version",
  [
    { name: "major", type: uint64Type },
    { name: "minor", type: uint64Type },
    { name: "patch", type: uint64Type },
    { name: "pre", type: stringType },
    { name: "metadata", type: stringType },
    { name: "original", type: stringType },
  ],
  versionMethods,
);

/** `*semver.Version`. */
export const versionPointerType = pointerTo(versionType, pointerMethods);

named.push(versionType, versionPointerType);

/** A version as `*semver.Version`. */
export function versionPointer(version: Version): PointerValue {
  return pointer(versionPointerType, structOf(version));
}

function structOf(version: Version): StructValue {
  return struct(versionType, {
    major: integer(version.major, uint64Type),
    minor: integer(version.minor, uint64Type),
    patch: integer(version.patch, uint64Type),
    pre: str(version.prerelease),
    metadata: str(version.metadata),
    original: str(version.original),
  });
}

/** The version in a value of either type. @throws GoPanic for a nil pointer */
function versionOf(value: Value): Version {
  if (value.kind === "ptr" && value.elem !== undefined) return versionOf(value.elem);
  if (value.kind !== "struct") throw new GoPanic(nilDereference);
  const { fields } = value;
  return {
    major: numberIn(fields, "major"),
    minor: numberIn(fields, "minor"),
    patch: numberIn(fields, "patch"),
    prerelease: textIn(fields, "pre"),
    metadata: textIn(fields, "metadata"),
    original: textIn(fields, "original"),
  };
}

function numberIn(fields: ReadonlyMap<string, Value>, name: string): bigint {
  const value = fields.get(name);
  return value?.kind === "uint64" ? value.value : 0n;
}

function textIn(fields: ReadonlyMap<string, Value>, name: string): string {
  const value = fields.get(name);
  return value?.kind === "string" ? value.value : "";
}

function derived(derive: (version: Version) => Version): Method {
  return method("func() semver.Version", (receiver) => structOf(derive(versionOf(receiver))), named);
}

function changed(change: (version: Version, text: string) => Version): Method {
  return method(
    "func(string) (semver.Version, error)",
    (receiver, text) => structOf(change(versionOf(receiver), text)),
    named,
  );
}

function comparison(holds: (order: number) => boolean): Method {
  return method("func(*semver.Version) bool", (receiver, other) => holds(compare(receiver, other)), named);
}

function compare(left: Value, right: Value): number {
  return compareVersions(versionOf(left), versionOf(right));
}

function isNilPointer(value: Value): boolean {
  return value.kind === "nil" || (value.kind === "ptr" && value.elem === undefined);
}
