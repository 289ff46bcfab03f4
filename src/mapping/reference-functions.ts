/** The functions of mapping templates that take a reference apart: Tag, Repository, Registry, Package (oras-go 2.6.0). */
import { GoError } from "../template/go/go-error.ts";
import { quote } from "../template/go/quote.ts";
import { parseUrl } from "../template/go/url.ts";
import { define, type NamedFunction } from "../template/values/define.ts";
import { faultOfDigest } from "./digest-type.ts";

/** Byte strings all. */
interface OrasReference {
  registry: string;
  repository: string;
  /** Tag or digest; empty when there is none. */
  reference: string;
  isDigest: boolean;
}

const parts: Readonly<Record<string, (reference: OrasReference) => string>> = {
  Tag: ({ reference }) => reference,
  Repository: ({ repository }) => repository,
  Registry: ({ registry }) => registry,
  Package: ({ repository, reference, isDigest }) =>
    reference === "" ? repository : `${repository}${isDigest ? "@" : ":"}${reference}`,
};

/** Under the names that the original has. */
export const originalReferenceFunctions: readonly NamedFunction[] = Object.keys(parts).map((name) =>
  named(name, name),
);

/** Also with a small letter, as its guide writes them. */
export const referenceFunctions: readonly NamedFunction[] = [
  ...originalReferenceFunctions,
  ...Object.keys(parts).map((name) => named(name.toLowerCase(), name)),
];

function named(name: string, part: string): NamedFunction {
  return define(name, "func(string) (string, error)", (text) => parts[part]?.(readAgain(text)) ?? "");
}

let last: { text: string; reference: OrasReference } | undefined;

/** {@link readReference}; templates ask one reference for several of its parts. */
function readAgain(text: string): OrasReference {
  if (last?.text !== text) last = { text, reference: readReference(text) };
  return last.reference;
}

/**
 * Reads a reference as oras-go does: the first slash ends the registry, a digest drops the tag unread.
 * @throws GoError in its words
 */
function readReference(text: string): OrasReference {
  const slash = text.indexOf("/");
  if (slash < 0) throw invalid("missing registry or repository");
  const [registry, path] = [text.slice(0, slash), text.slice(slash + 1)];
  const [beforeDigest, digest] = cut(path, "@");
  const [repository, tag] = cut(beforeDigest, ":");
  if (!isRegistry(registry)) throw invalid(`invalid registry ${quote(registry)}`);
  if (!repositoryPattern.test(repository)) throw invalid(`invalid repository ${quote(repository)}`);
  const reference = digest ?? tag ?? "";
  const isDigest = digest !== undefined;
  if (reference === "") return { registry, repository, reference, isDigest };
  const fault = isDigest ? faultOfDigest(reference) : undefined;
  if (fault !== undefined) throw invalid(`invalid digest ${quote(reference)}: ${fault}`);
  if (!isDigest && !/^\w[\w.-]{0,127}$/.test(reference)) throw invalid(`invalid tag ${quote(reference)}`);
  return { registry, repository, reference, isDigest };
}

// oras-go registry/reference.go. `-+` instead of `-*` keeps the pattern linear.
const repositoryPattern =
  /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;

/** Whether net/url reads the text as a host and nothing else. */
function isRegistry(registry: string): boolean {
  if (registry === "" || registry.includes("#")) return false;
  try {
    return parseUrl(`dummy://${registry}`).host === registry;
  } catch (error) {
    if (error instanceof GoError) return false;
    throw error;
  }
}

function cut(text: string, mark: string): [before: string, after: string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function invalid(why: string): GoError {
  return new GoError(`error parsing the reference: invalid reference: ${why}`);
}
