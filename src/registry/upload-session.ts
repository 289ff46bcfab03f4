/** Upload sessions: opening, finding one's place, and giving them up (distribution-spec "Pushing blobs"). */
import { AceError } from "../errors.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { headerOf, type Reply } from "./http/exchange.ts";
import { isPrivateHost, shownUrl, whyNotFollow } from "./http/redirects.ts";
import { failureAt, type Place, pathOf, scopesOf } from "./place.ts";

/** An upload that a registry waits for. Plain data. */
export interface UploadSession {
  /** Absolute URL of the next request, with its query as the registry wrote it. A secret of a kind: never shown. */
  location: string;
  /** `OCI-Chunk-Min-Length`: no chunk but the last may be smaller; 0 when the registry does not care. */
  minChunkBytes: number;
}

/** Opens a session. */
export async function startUpload(place: Place, digest: Digest): Promise<UploadSession> {
  const subject = `blob ${digest} to ${place.name}`;
  // A registry that does not know the parameter ignores it (main specification, end-4c).
  const algorithm = digestAlgorithm(digest);
  const query = algorithm === "sha256" ? "" : `?digest-algorithm=${algorithm}`;
  const reply = await place.endpoint.send(
    {
      method: "POST",
      target: pathOf(place, `blobs/uploads/${query}`),
      subject,
      scopes: scopesOf(place, "push"),
      // An empty body, so that Content-Length: 0 is sent.
      headers: { "content-type": "application/octet-stream" },
    },
    place.signals,
  );
  if (reply.status !== 202) throw failureAt(place, "upload", subject, "push", reply);
  return sessionOf(place, reply);
}

/**
 * The session an answer describes.
 * @throws AceError `registry` without a usable Location
 */
export function sessionOf(place: Place, reply: Reply, previous?: UploadSession): UploadSession {
  const text = headerOf(reply.headers, "location");
  if (text === undefined && previous !== undefined) return previous;
  const location = URL.parse(text ?? "", reply.url.href);
  if (text === undefined || location === null) {
    throw new AceError(
      "registry",
      `Cannot upload to ${place.name}: the registry opened no session (no Location)`,
    );
  }
  const { base } = place.endpoint;
  const sameHost = location.hostname === base.hostname;
  if (base.protocol === "https:" && location.protocol === "http:" && sameHost) {
    // A registry behind a TLS proxy that does not pass X-Forwarded-Proto on. Never speak plain to it: go back to the proxy.
    location.protocol = "https:";
    location.port = base.port;
  }
  const obstacle = whyNotFollow(base, location, false);
  if (
    obstacle !== undefined ||
    (!sameHost && isPrivateHost(location.hostname) && !isPrivateHost(base.hostname))
  ) {
    throw new AceError(
      "registry",
      `Cannot upload to ${place.name}: the registry sends us to ${shownUrl(location)}, refused: ${obstacle}`,
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
  place: Place,
  session: UploadSession,
): Promise<{ bytes: number; session: UploadSession } | undefined> {
  const reply = await place.endpoint.send(
    {
      method: "GET",
      target: new URL(session.location),
      subject: `upload to ${place.name}`,
      scopes: scopesOf(place, "push"),
    },
    place.signals,
  );
  if (reply.status !== 204 && reply.status !== 202 && reply.status !== 200) return undefined;
  const range = /^(?:bytes=)?0-(\d+)$/.exec(headerOf(reply.headers, "range")?.trim() ?? "");
  if (range === null) return undefined;
  const last = Number(range[1]);
  return { bytes: last === 0 ? 0 : last + 1, session: sessionOf(place, reply, session) };
}

/** Gives a session up. Whether the registry allows it does not matter to us: it expires by itself. */
export async function cancelSession(place: Place, session: UploadSession): Promise<void> {
  try {
    const reply = await place.endpoint.perform(
      {
        method: "DELETE",
        target: new URL(session.location),
        subject: `upload to ${place.name}`,
        scopes: scopesOf(place, "push"),
      },
      [...place.signals, AbortSignal.timeout(cancelLimitMs)],
    );
    if (reply.status >= 300) {
      place.endpoint.notice(
        "debug",
        `upload to ${place.name} left to expire: DELETE answered ${reply.status}`,
      );
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    place.endpoint.notice("debug", `upload to ${place.name} left to expire: ${why}`);
  }
}

/** Tidying up must not hold anybody up. */
const cancelLimitMs = 5000;
