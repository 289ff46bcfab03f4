/** Uploading a blob: POST then one PUT, or PATCH after PATCH when the bytes cannot be kept until the end. */

import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { Attempts, type Setback } from "./http/attempts.ts";
import { problemsOf } from "./http/problems.ts";
import type { RepositoryAtEndpoint } from "./repository-at-endpoint.ts";
import { type BlobBody, uploadPart } from "./upload-part.ts";
import {
  cancelSession,
  completionUrl,
  sessionOf,
  startUpload,
  storedBytes,
  type UploadSession,
} from "./upload-session.ts";

/** A registry that demands larger chunks than this is not obeyed (regclient's limit). */
const largestChunkBytes = 1024 * 1024 * 1024;

/** How to upload. */
export interface UploadOptions {
  /** A session to use first, from a mount that was refused. */
  session?: UploadSession | undefined;
  /** Larger blobs go in chunks of this many bytes; 0 (the default) sends every blob in one request. */
  chunkBytes?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Uploads a blob; the registry checks its digest. A failed try starts again with a new session and `body.open(0)`, a failed
 * chunk from the last byte the registry acknowledged. What arrived as something else is sent once more.
 * @throws whatever `body` throws, after the upload was given up, so that the registry never completes it
 * @throws AceError `denied`, `digest` when the registry says twice that the bytes are others, `network`, `registry`
 */
export async function sendBlob(
  at: RepositoryAtEndpoint,
  descriptor: Descriptor,
  body: BlobBody,
  options: UploadOptions,
): Promise<void> {
  const subject = `blob ${descriptor.digest} to ${at.name}`;
  const attempts = new Attempts(at.endpoint, subject, at.signals);
  let session = options.session;
  let mayRenewSession = true;
  let refusal: AceError | undefined;
  for (;;) {
    session ??= await startUpload(at, descriptor.digest);
    const setback = await tryUpload(at, descriptor, body, session, options.chunkBytes ?? 0).catch((error) => {
      // The bytes are not to be had a second time: what was said about the first is the reason.
      throw refusal !== undefined && error instanceof AceError && error.code !== "stopped" ? refusal : error;
    });
    if (setback === undefined) return;
    // A registry that will not take a body often closes the connection instead of saying 401.
    if ("error" in setback) at.endpoint.auth.forget(at.scopes("push"));
    await cancelSession(at, session);
    session = undefined;
    if (mayRenewSession && isSessionLost(setback)) {
      mayRenewSession = false;
      continue;
    }
    if (refusal === undefined && isOtherDigest(setback)) {
      refusal = uploadError(at, subject, setback, attempts);
      at.endpoint.notice("warn", `${refusal.message}: sending it again`);
      continue;
    }
    if (!(await attempts.again(setback))) throw uploadError(at, subject, setback, attempts);
    // The answer may have been lost after the blob was stored.
    if (await at.hasBlob(descriptor)) return;
  }
}

/** One session from start to end; undefined when the registry has the blob. */
async function tryUpload(
  at: RepositoryAtEndpoint,
  descriptor: Descriptor,
  body: BlobBody,
  first: UploadSession,
  chunkBytes: number,
): Promise<Setback | undefined> {
  let session = first;
  let offset = 0;
  if (chunkBytes > 0 && descriptor.size > chunkBytes) {
    const chunks = await uploadChunks(at, descriptor, body, session, chunkBytes);
    if (!("session" in chunks)) return chunks;
    session = chunks.session;
    offset = descriptor.size;
  }
  const outcome = await uploadPart(at, descriptor, body, session, {
    method: "PUT",
    url: completionUrl(session, descriptor.digest),
    offset,
    end: descriptor.size,
  });
  // 201 by the specification, 204 and 200 from some.
  return "reply" in outcome && [200, 201, 204].includes(outcome.reply.status) ? undefined : outcome;
}

/** Sends every chunk. A setback means that the session is of no use any more. */
async function uploadChunks(
  at: RepositoryAtEndpoint,
  descriptor: Descriptor,
  body: BlobBody,
  first: UploadSession,
  chunkBytes: number,
): Promise<{ session: UploadSession } | Setback> {
  const attempts = new Attempts(at.endpoint, `blob ${descriptor.digest} to ${at.name}`, at.signals);
  const step = Math.min(Math.max(chunkBytes, first.minChunkBytes), largestChunkBytes);
  let session = first;
  let acknowledged = 0;
  while (acknowledged < descriptor.size) {
    const end = Math.min(acknowledged + step, descriptor.size);
    const sent = await uploadPart(at, descriptor, body, session, {
      method: "PATCH",
      url: new URL(session.location),
      offset: acknowledged,
      end,
      // Without "bytes": the specification's own form.
      headers: { "content-range": `${acknowledged}-${end - 1}` },
    });
    // 202 by the specification; ECR sends 201, others 200 and 204. Their Range is not to be trusted (ECR's stands still).
    if ("reply" in sent && sent.reply.status >= 200 && sent.reply.status < 300) {
      session = sessionOf(at, sent.reply, session);
      acknowledged = end;
      attempts.reset();
    } else {
      const held = await askForHeld(at, session, sent, attempts);
      if (held === undefined || held.bytes < acknowledged || held.bytes > end) return sent;
      // "Out of order" while it stands where we are: it means something else.
      if (isOutOfOrder(sent) && held.bytes === acknowledged) return sent;
      session = held.session;
      acknowledged = held.bytes;
    }
    body.acknowledged?.(acknowledged);
  }
  return { session };
}

/** What the session holds after a failed chunk; undefined when it cannot be continued. */
async function askForHeld(
  at: RepositoryAtEndpoint,
  session: UploadSession,
  setback: Setback,
  attempts: Attempts,
): ReturnType<typeof storedBytes> {
  if (!isOutOfOrder(setback) && !(await attempts.again(setback))) return undefined;
  return storedBytes(at, session);
}

function isOutOfOrder(setback: Setback): boolean {
  return "reply" in setback && setback.reply.status === 416;
}

/** The session expired, or was never any good (a mount's): a new one may be. */
function isSessionLost(setback: Setback): boolean {
  if (!("reply" in setback)) return false;
  const { status } = setback.reply;
  const codes = problemsOf(setback.reply).map(({ code }) => code);
  return (
    status === 416 ||
    (status === 404 && !codes.includes("NAME_UNKNOWN")) ||
    (status === 400 && codes.some((code) => code === "BLOB_UPLOAD_INVALID" || code === "BLOB_UPLOAD_UNKNOWN"))
  );
}

/** distribution-spec "Error Codes": the registry hashed the bytes and got something else. */
function isOtherDigest(setback: Setback): boolean {
  return "reply" in setback && problemsOf(setback.reply).some(({ code }) => code === "DIGEST_INVALID");
}

function uploadError(
  at: RepositoryAtEndpoint,
  subject: string,
  setback: Setback,
  attempts: Attempts,
): AceError {
  if ("error" in setback) return attempts.failure(setback.error);
  const error = at.failure("upload", subject, "push", setback.reply);
  return isOtherDigest(setback) ? new AceError("digest", error.message, { cause: error }) : error;
}
