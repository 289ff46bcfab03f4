/** Manifests over HTTP (distribution-spec "Pulling manifests", "Pushing Manifests"). Their bytes are never re-encoded. */

import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Digest, digestAlgorithm, digestOf, isDigest } from "../oci/digest.ts";
import { manifestLimitBytes, parseManifest, type RawManifest } from "../oci/manifest.ts";
import { isManifestType, isSchema1Type, manifestMediaTypes } from "../oci/media-types.ts";
import type { ApiRequest } from "./endpoint.ts";
import { isCut } from "./http/attempts.ts";
import { type Headers, headerOf, type Reply } from "./http/exchange.ts";
import { describeReply, problemsOf } from "./http/problems.ts";
import type { RepositoryAtEndpoint } from "./repository-at-endpoint.ts";

/** distribution-spec "Pushing Manifests": what a registry has to take; docker-registry takes no more, and calls it invalid. */
const commonLimitBytes = 4 * 1024 * 1024;

/** What stands for a manifest in messages: `host/name:tag` or `host/name@digest`. */
export function manifestName(at: RepositoryAtEndpoint, target: string): string {
  return `${at.name}${isDigest(target) ? "@" : ":"}${target}`;
}

/**
 * The descriptor behind a tag or digest: one HEAD (which Docker Hub does not count as a pull), or a GET when the HEAD's answer
 * is unusable.
 */
export async function resolveManifest(at: RepositoryAtEndpoint, target: string): Promise<Descriptor> {
  const reply = await requestManifest(at, "HEAD", target, accept());
  if (reply.status >= 500 || reply.status === 429) {
    throw at.failure("read", `manifest ${manifestName(at, target)}`, "pull", reply);
  }
  return usableHead(reply, target) ?? (await fetchByTarget(at, target)).descriptor;
}

/** A HEAD's answer as a descriptor, when type, size and digest are all there and the digest is not in doubt. */
function usableHead(reply: Reply, target: string): Descriptor | undefined {
  if (reply.status !== 200) return undefined;
  const mediaType = mediaTypeOf(reply.headers);
  const length = headerOf(reply.headers, "content-length");
  if (!isManifestType(mediaType) || length === undefined || !/^\d+$/.test(length)) return undefined;
  const served = headerOf(reply.headers, "docker-content-digest") ?? "";
  const digest = isDigest(target) ? target : served;
  if (!isDigest(digest) || contradicts(served, digest)) return undefined;
  return { mediaType, digest, size: Number(length) };
}

/** The manifest behind a tag or digest, with one GET; its digest is computed, and compared with what was asked for or announced. */
export async function fetchByTarget(at: RepositoryAtEndpoint, target: string): Promise<RawManifest> {
  const name = manifestName(at, target);
  const reply = await getManifest(at, target, accept());
  const served = headerOf(reply.headers, "docker-content-digest") ?? "";
  const expected = isDigest(target) ? target : isDigest(served) ? served : undefined;
  const digest = digestOf(reply.body, expected === undefined ? "sha256" : digestAlgorithm(expected));
  if (expected !== undefined && digest !== expected) throw digestError(name, digest, expected);
  const { mediaType } = parseManifest(reply.body, declaredType(reply.headers), name);
  return { descriptor: { mediaType, digest, size: reply.body.length }, bytes: reply.body };
}

/** The manifest a descriptor points at, checked for size and digest. A descriptor that carries its `data` costs no request. */
export async function fetchByDescriptor(
  at: RepositoryAtEndpoint,
  descriptor: Descriptor,
): Promise<RawManifest> {
  const { digest, size, mediaType } = descriptor;
  const name = manifestName(at, digest);
  if (isSchema1Type(mediaType)) throw schema1Error(name);
  if (size > manifestLimitBytes) throw sizeLimitError(name, size);
  const embedded = embeddedData(descriptor);
  if (embedded !== undefined) return { descriptor, bytes: embedded };
  const reply = await getManifest(at, digest, accept(mediaType), size);
  if (isSchema1Type(mediaTypeOf(reply.headers))) throw schema1Error(name);
  const { body } = reply;
  if (body.length !== size) {
    throw new AceError(
      "digest",
      `Cannot read manifest ${name}: the registry sent ${body.length} bytes, its descriptor says ${size}`,
    );
  }
  const actual = digestOf(body, digestAlgorithm(digest));
  if (actual !== digest) throw digestError(name, actual, digest);
  return { descriptor, bytes: body };
}

/** True when the manifest is there. */
export async function isManifestThere(at: RepositoryAtEndpoint, descriptor: Descriptor): Promise<boolean> {
  const { digest, mediaType } = descriptor;
  const head = await requestManifest(at, "HEAD", digest, accept(mediaType));
  if (head.status === 200) return true;
  if (head.status === 404) return false;
  // Some registries refuse the method; and a refusal's text comes with a GET only.
  const reply = await requestManifest(at, "GET", digest, accept(mediaType));
  if (reply.status === 200) return true;
  if (reply.status === 404) return false;
  throw at.failure("look for", `manifest ${manifestName(at, digest)}`, "pull", reply);
}

/**
 * Stores a manifest under a tag, or under its digest. What arrived as something else is sent once more.
 * @returns true when the registry has entered it among its subject's referrers by itself (`OCI-Subject`)
 * @throws AceError `digest` when the registry says twice that the bytes are others
 */
export async function putManifest(
  at: RepositoryAtEndpoint,
  manifest: RawManifest,
  tag: string | undefined,
): Promise<boolean> {
  const { descriptor, bytes } = manifest;
  const subject = `manifest ${manifestName(at, tag ?? descriptor.digest)}`;
  const request: ApiRequest = {
    method: "PUT",
    target: at.path(`manifests/${tag ?? descriptor.digest}`),
    subject,
    scopes: at.scopes("push"),
    headers: { "content-type": descriptor.mediaType },
    body: () => bytes,
  };
  const put = (): Promise<Reply> =>
    at.send(request).catch((error: unknown) => {
      // docker-registry closes the connection in the middle of what it finds too large, and its answer is lost.
      const tooLarge =
        error instanceof AceError && error.code === "network" && bytes.length > commonLimitBytes;
      throw tooLarge ? withSize(error, bytes.length) : error;
    });
  let reply = await put();
  if (whyOtherBytes(reply, descriptor) !== undefined) {
    at.endpoint.notice(
      "warn",
      `${subject} arrived as something else at ${at.endpoint.origin}: sending it again`,
    );
    reply = await put();
  }
  const why = whyOtherBytes(reply, descriptor);
  if (why !== undefined) throw new AceError("digest", `Cannot push ${subject}: ${why}`);
  // 201 by the specification; some have sent 200 and 202.
  if (reply.status < 200 || reply.status > 299) {
    const error = at.failure("push", subject, "push", reply);
    const tooLarge = reply.status === 413 || (reply.status === 400 && bytes.length > commonLimitBytes);
    throw tooLarge ? withSize(error, bytes.length) : error;
  }
  return headerOf(reply.headers, "oci-subject") !== undefined;
}

/** What an answer says when the registry got other bytes than were sent to it. */
function whyOtherBytes(reply: Reply, { digest }: Descriptor): string | undefined {
  if (problemsOf(reply).some(({ code }) => code === "DIGEST_INVALID"))
    return `${reply.url.host} answered ${describeReply(reply)}`;
  const served = headerOf(reply.headers, "docker-content-digest") ?? "";
  if (reply.status > 299 || !contradicts(served, digest)) return undefined;
  return `the registry stored it as ${served}, its digest is ${digest}`;
}

function withSize(error: AceError, bytes: number): AceError {
  return new AceError(error.code, `${error.message} (it has ${bytes} bytes)`, {
    cause: error.cause,
    hint: "Many registries take manifests of at most 4 MiB; this one's limit may be a setting.",
  });
}

/** @param size what a descriptor says */
async function getManifest(
  at: RepositoryAtEndpoint,
  target: string,
  acceptHeader: string,
  size = 0,
): Promise<Reply> {
  const name = manifestName(at, target);
  const reply = await requestManifest(at, "GET", target, acceptHeader, size);
  if (reply.status !== 200) throw at.failure("read", `manifest ${name}`, "pull", reply);
  if (reply.truncated) {
    const length = Number(headerOf(reply.headers, "content-length"));
    throw sizeLimitError(name, Number.isNaN(length) ? undefined : length);
  }
  return reply;
}

function requestManifest(
  at: RepositoryAtEndpoint,
  method: "GET" | "HEAD",
  target: string,
  acceptHeader: string,
  size = 0,
): Promise<Reply> {
  return at.send({
    method,
    target: at.path(`manifests/${target}`),
    subject: `manifest ${manifestName(at, target)}`,
    scopes: at.scopes("pull"),
    headers: { accept: acceptHeader },
    bodyLimitBytes: manifestLimitBytes,
    isCut: (reply) => method === "GET" && isCut(reply, size),
  });
}

/** One header with every type we can take, the expected one first. Without the OCI types docker-registry 2.8 says 404. */
function accept(first = ""): string {
  const types =
    first === "" ? manifestMediaTypes : [first, ...manifestMediaTypes.filter((type) => type !== first)];
  return types.join(", ");
}

/** Content-Type without its parameters. */
export function mediaTypeOf(headers: Headers): string {
  return (headerOf(headers, "content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

/** The Content-Type when it says what kind of manifest this is; servers that do not know send text or plain JSON. */
function declaredType(headers: Headers): string {
  const type = mediaTypeOf(headers);
  return isManifestType(type) || isSchema1Type(type) ? type : "";
}

/** True for a digest of the same algorithm with another value. docker-registry 2.8 answers sha512 requests with a sha256. */
function contradicts(served: string, digest: Digest): boolean {
  return isDigest(served) && digestAlgorithm(served) === digestAlgorithm(digest) && served !== digest;
}

function embeddedData(descriptor: Descriptor): Uint8Array | undefined {
  if (descriptor.data === undefined) return undefined;
  const bytes = Buffer.from(descriptor.data, "base64");
  const good =
    bytes.length === descriptor.size &&
    digestOf(bytes, digestAlgorithm(descriptor.digest)) === descriptor.digest;
  return good ? bytes : undefined;
}

function digestError(name: string, actual: Digest, expected: Digest): AceError {
  return new AceError(
    "digest",
    `Cannot read manifest ${name}: the registry's bytes have digest ${actual}, wanted ${expected}`,
  );
}

function sizeLimitError(name: string, size: number | undefined): AceError {
  const has = size === undefined ? "more" : `${size} bytes, more`;
  return new AceError(
    "registry",
    `Cannot read manifest ${name}: it has ${has} than the ${manifestLimitBytes} allowed`,
  );
}

function schema1Error(name: string): AceError {
  return new AceError(
    "registry",
    `Cannot copy ${name}: it is a Docker schema 1 manifest, which has no stable digest`,
    { hint: "Push the image again with a current tool, then mirror that." },
  );
}
