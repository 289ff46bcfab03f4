/** Uploading a blob: POST then one PUT, or PATCH after PATCH when the bytes cannot be kept until the end. */
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { BlobBody } from "./blob-body.ts";
import { networkError } from "./failures.ts";
import { hasBlobAt } from "./has-blob.ts";
import { Attempts, type Setback } from "./http/attempts.ts";
import { problemsOf } from "./http/problems.ts";
import { failureAt, type Place, scopesOf } from "./place.ts";
import { uploadChunks } from "./upload-chunks.ts";
import { uploadPart } from "./upload-part.ts";
import { cancelSession, completionUrl, startUpload, type UploadSession } from "./upload-session.ts";

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
 * chunk from the last byte the registry acknowledged.
 * @throws whatever `body` throws, after the upload was given up, so that the registry never completes it
 * @throws AceError `denied`, `digest` when the registry says the bytes are others, `network`, `registry`
 */
export async function uploadBlobAt(
  place: Place,
  descriptor: Descriptor,
  body: BlobBody,
  options: UploadOptions,
): Promise<void> {
  const subject = `blob ${descriptor.digest} to ${place.name}`;
  const attempts = new Attempts(place.endpoint, subject, place.signals);
  let session = options.session;
  let mayRenewSession = true;
  for (;;) {
    session ??= await startUpload(place, descriptor.digest);
    const setback = await tryUpload(place, descriptor, body, session, options.chunkBytes ?? 0);
    if (setback === undefined) return;
    // A registry that will not take a body often closes the connection instead of saying 401.
    if ("error" in setback) place.endpoint.auth.forget(scopesOf(place, "push"));
    await cancelSession(place, session);
    session = undefined;
    if (mayRenewSession && isSessionLost(setback)) {
      mayRenewSession = false;
      continue;
    }
    if (!(await attempts.again(setback))) throw uploadError(place, subject, setback, attempts.used);
    // The answer may have been lost after the blob was stored.
    if (await hasBlobAt(place, descriptor)) return;
  }
}

/** One session from start to end; undefined when the registry has the blob. */
async function tryUpload(
  place: Place,
  descriptor: Descriptor,
  body: BlobBody,
  first: UploadSession,
  chunkBytes: number,
): Promise<Setback | undefined> {
  let session = first;
  let offset = 0;
  if (chunkBytes > 0 && descriptor.size > chunkBytes) {
    const chunks = await uploadChunks(place, descriptor, body, session, chunkBytes);
    if (!("session" in chunks)) return chunks;
    session = chunks.session;
    offset = descriptor.size;
  }
  const outcome = await uploadPart(place, descriptor, body, session, {
    method: "PUT",
    url: completionUrl(session, descriptor.digest),
    offset,
    end: descriptor.size,
  });
  // 201 by the specification, 204 and 200 from some.
  return "reply" in outcome && [200, 201, 204].includes(outcome.reply.status) ? undefined : outcome;
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

function uploadError(place: Place, subject: string, setback: Setback, tries: number): AceError {
  if ("error" in setback) return networkError(place.endpoint, subject, setback.error, tries);
  const error = failureAt(place, "upload", subject, "push", setback.reply);
  // distribution-spec "Error Codes": the registry hashed the bytes and got something else.
  const mismatch = problemsOf(setback.reply).some(({ code }) => code === "DIGEST_INVALID");
  return mismatch ? new AceError("digest", error.message, { cause: error }) : error;
}
