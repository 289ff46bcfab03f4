/** Content digests: their grammar, and the hashers that compute them. */
import { createHash, type Hash } from "node:crypto";

/** `algorithm:hex`, checked by {@link isDigest}. */
export type Digest = `${string}:${string}`;

// image-spec descriptor.md, "Registered Algorithms"; sha384 is go-digest's third. Values are hex digits.
const hexLength: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** True for a digest of an algorithm that we can compute, in lower-case hex of exactly its length. */
export function isDigest(text: string): text is Digest {
  const colon = text.indexOf(":");
  const length = hexLength[text.slice(0, colon)];
  return (
    length !== undefined && text.length === colon + 1 + length && /^[0-9a-f]+$/.test(text.slice(colon + 1))
  );
}

/** The part before the colon. */
export function digestAlgorithm(digest: Digest): string {
  return digest.slice(0, digest.indexOf(":"));
}

/** The part after the colon. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/** A running hash of the digest's own algorithm. */
export function hasherFor(digest: Digest): Hash {
  return createHash(digestAlgorithm(digest));
}

/** The digest of a whole buffer. */
export function digestOf(bytes: Uint8Array, algorithm = "sha256"): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}
