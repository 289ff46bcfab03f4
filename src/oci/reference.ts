/** References as a user writes them. No Docker normalisation: `ubuntu` is an error, `docker.io/ubuntu` stays as it is. */
import { AceError } from "../errors.ts";
import { type Digest, isDigest } from "./digest.ts";

/** A parsed reference. With both a tag and a digest the digest wins and the tag is only kept for naming. */
export interface Reference {
  /** `host[:port]`, verbatim. */
  registry: string;
  repository: string;
  tag?: string | undefined;
  digest?: Digest | undefined;
}

// distribution-spec "Pulling manifests": <name> and <reference>. `-+` instead of `-*` keeps the pattern linear.
const repositoryPattern =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const registryPattern = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?$/;

/** distribution/reference: a whole path is at most 255 characters. */
const repositoryLimit = 255;

/**
 * Reads `registry/repository[:tag][@digest]`.
 * @throws AceError `input`, naming the reference and what is wrong with it
 */
export function parseReference(text: string): Reference {
  const fail = (why: string): never => {
    throw new AceError("input", `Cannot use ${JSON.stringify(text)} as an image reference: ${why}`, {
      hint: "Write registry/repository:tag or registry/repository@sha256:..., as in docker.io/library/alpine:3.20.",
    });
  };
  const slash = text.indexOf("/");
  if (slash < 0) return fail("it has no registry or no repository");
  const registry = text.slice(0, slash);
  if (!registryPattern.test(registry)) return fail(`${JSON.stringify(registry)} is no registry host`);
  let path = text.slice(slash + 1);
  let digest: Digest | undefined;
  let tag: string | undefined;
  const at = path.indexOf("@");
  if (at >= 0) {
    const after = path.slice(at + 1);
    if (!isDigest(after)) return fail(`${JSON.stringify(after)} is no digest`);
    digest = after;
    path = path.slice(0, at);
  }
  const colon = path.indexOf(":");
  if (colon >= 0) {
    tag = path.slice(colon + 1);
    path = path.slice(0, colon);
    // With a digest the original drops the tag unread, even an empty one.
    if (digest === undefined && !tagPattern.test(tag)) return fail(`${JSON.stringify(tag)} is no tag`);
    if (digest !== undefined && !tagPattern.test(tag)) tag = undefined;
  }
  if (!repositoryPattern.test(path) || path.length > repositoryLimit) {
    return fail(
      /[A-Z]/.test(path)
        ? `repository ${JSON.stringify(path)} has upper-case letters`
        : `${JSON.stringify(path)} is no repository name`,
    );
  }
  return {
    registry,
    repository: path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The reference as text; with a digest the tag is left out. */
export function formatReference(reference: Reference): string {
  const base = `${reference.registry}/${reference.repository}`;
  if (reference.digest !== undefined) return `${base}@${reference.digest}`;
  return reference.tag === undefined ? base : `${base}:${reference.tag}`;
}

/** True when the text could be a tag. */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** True when the text could be a repository's name. */
export function isRepository(text: string): boolean {
  return text.length <= repositoryLimit && repositoryPattern.test(text);
}
