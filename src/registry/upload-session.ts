/** Upload sessions: opening, finding one's place, and giving them up (distribution-spec "Pushing blobs"). */

import { AceError } from "../errors.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { headerOf, type Reply } from "./http/exchange.ts";
import { shownUrl, whyNotFollow } from "./http/redirects.ts";
import type { RepositoryAtEndpoint } from "./repository-at-endpoint.ts";

/** An upload that a registry waits for. Plain data. */
export interface UploadSession {
  /** Absolute URL of the next request, with its query as the registry wrote it. A secret of a kind: never shown. */
  location: string;
  /** `OCI-Chunk-Min-Length`: no chunk but the last may be smaller; 0 when the registry does not care. */
  minChunkBytes: number;
}

/** Opens a session. */
export async function startUpload(at: RepositoryAtEndpoint, digest: Digest): Promise<UploadSession> {
  const subject = `blob ${digest} to ${at.name}`;
  // A registry that does not know the parameter ignores it (main specification, end-4c).
  const algorithm = digestAlgorithm(digest);
  const query = algorithm === "sha256" ? "" : `?digest-algorithm=${algorithm}`;
  const reply = await at.send({
    method: "POST",
    target: at.path(`blobs/uploads/${query}`),
    subject,
    scopes: at.scopes("push"),
    // An empty body, so that Content-Length: 0 is sent.
    headers: { "content-type": "application/octet-stream" },
  });
  if (reply.status !== 202) throw at.failure("upload", subject, "push", reply);
  return sessionOf(at, reply);
}

/**
 * The session an answer describes.
 * @throws AceError `registry` without a usable Location
 */
export function sessionOf(at: RepositoryAtEndpoint, reply: Reply, previous?: UploadSession): UploadSession {
  const text = headerOf(reply.headers, "location");
  if (text === undefined && previous !== undefined) return previous;
  const location = URL.parse(text ?? "", reply.url.href);
  if (text === undefined || location === null) {
    throw new AceError(
      "registry",
      `Cannot upload to ${at.name}: the registry opened no session (no Location)`,
    );
  }
  const { base } = at.endpoint;
  if (base.protocol === "https:" && location.protocol === "http:" && location.hostname === base.hostname) {
    // A registry behind a TLS proxy that does not pass X-Forwarded-Proto on. Never speak plain to it: go back to the proxy.
    location.protocol = "https:";
    location.port = base.port;
  }
  const obstacle = whyNotFollow(base, location, false);
  if (obstacle !== undefined) {
    throw new AceError(
      "registry",
      `Cannot upload to ${at.name}: the registry sends us to ${shownUrl(location)}, refused: ${obstacle}`,
    );
  }
  const minimum = Number(headerOf(reply.headers, "oci-chunk-min-length") ?? "0");
  return {
    location: location.href,
    minChunkBytes: previous?.minChunkBytes ?? (Number.isSafeInteger(minimum) && minimum > 0 ? minimum : 0),
  };
}

/** The URL that completes a session: the digest is appended to the query as it stands, nothing is sorted or re-encoded. */
export function completionUrl(session: UploadSession, digest: Digest): URL {
  const joint = session.location.includes("?") ? "&" : "?";
  return new URL(`${session.location}${joint}digest=${encodeURIComponent(digest)}`);
}

/**
 * Bytes that the registry holds of a session, or undefined when it does not say or the session is gone.
 * `Range: 0-0` stands for both no byte and one; docker-registry 2.8 sends it for none.
 */
export async function storedBytes(
  at: RepositoryAtEndpoint,
  session: UploadSession,
): Promise<{ bytes: number; session: UploadSession } | undefined> {
  const reply = await at.send({
    method: "GET",
    target: new URL(session.location),
    subject: `upload to ${at.name}`,
    scopes: at.scopes("push"),
  });
  if (reply.status !== 204 && reply.status !== 202 && reply.status !== 200) return undefined;
  const range = /^(?:bytes=)?0-(\d+)$/.exec(headerOf(reply.headers, "range")?.trim() ?? "");
  if (range === null) return undefined;
  const last = Number(range[1]);
  return { bytes: last === 0 ? 0 : last + 1, session: sessionOf(at, reply, session) };
}

/** Gives a session up. Whether the registry allows it does not matter to us: it expires by itself. */
export async function cancelSession(at: RepositoryAtEndpoint, session: UploadSession): Promise<void> {
  try {
    const reply = await at.perform(
      {
        method: "DELETE",
        target: new URL(session.location),
        subject: `upload to ${at.name}`,
        scopes: at.scopes("push"),
      },
      AbortSignal.timeout(cancelLimitMs),
    );
    if (reply.status >= 300) {
      at.endpoint.notice("debug", `upload to ${at.name} left to expire: DELETE answered ${reply.status}`);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    at.endpoint.notice("debug", `upload to ${at.name} left to expire: ${why}`);
  }
}

/** Tidying up must not hold anybody up. */
const cancelLimitMs = 5000;
