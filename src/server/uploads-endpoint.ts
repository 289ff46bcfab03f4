/** Pushing blobs: POST, PATCH, PUT, GET and DELETE under `blobs/uploads/` (distribution-spec "Pushing Blobs"). */
import { type Digest, isDigest } from "../oci/digest.ts";
import { isRepository } from "../oci/reference.ts";
import { parseChunkRange } from "./byte-range.ts";
import { refuse } from "./refuse.ts";
import type { RegistryStore } from "./registry-store.ts";
import { receiveBody, type UploadSession, type UploadSessions } from "./upload-sessions.ts";

/** What the endpoints of a registry share. */
export interface RegistryState {
  store: RegistryStore;
  sessions: UploadSessions;
}

/** POST: mounts, takes a whole blob, or begins a session. */
export async function beginUpload(
  state: RegistryState,
  repository: string,
  url: URL,
  request: Request,
): Promise<Response> {
  const mount = url.searchParams.get("mount");
  if (mount !== null) {
    if (!isDigest(mount)) return invalidDigest(mount);
    const from = url.searchParams.get("from") ?? undefined;
    const isMounted =
      (from === undefined || isRepository(from)) && (await state.store.mountBlob(mount, from, repository));
    if (isMounted) return created(repository, mount);
  }
  const digest = url.searchParams.get("digest");
  if (digest !== null && !isDigest(digest)) return invalidDigest(digest);
  const algorithm = digest?.split(":")[0] ?? url.searchParams.get("digest-algorithm") ?? "sha256";
  if (!["sha256", "sha384", "sha512"].includes(algorithm)) {
    return refuse(400, "UNSUPPORTED", "digest-algorithm is none of sha256, sha384, sha512", { algorithm });
  }
  const session = state.sessions.begin(repository, state.store.newIngest(algorithm));
  if (digest === null) return accepted(session, 202);
  try {
    return await finish(state, session, digest, request);
  } finally {
    // Nobody was told its name, so nobody could resume it.
    state.sessions.end(session);
  }
}

/** PATCH: appends a chunk or a stream. */
export async function appendToUpload(
  state: RegistryState,
  repository: string,
  id: string,
  request: Request,
): Promise<Response> {
  const session = state.sessions.find(repository, id);
  if (session === undefined) return unknownUpload(id);
  return (await append(session, request)) ?? accepted(session, 202);
}

/** PUT: appends what is left and makes it a blob. */
export async function finishUpload(
  state: RegistryState,
  repository: string,
  id: string,
  url: URL,
  request: Request,
): Promise<Response> {
  const session = state.sessions.find(repository, id);
  if (session === undefined) return unknownUpload(id);
  const digest = url.searchParams.get("digest") ?? "";
  if (!isDigest(digest)) return invalidDigest(digest);
  return finish(state, session, digest, request);
}

/** GET: how far the session is. */
export function uploadStatus(state: RegistryState, repository: string, id: string): Response {
  const session = state.sessions.find(repository, id);
  return session === undefined ? unknownUpload(id) : accepted(session, 204);
}

/** DELETE: gives the session up. */
export function cancelUpload(state: RegistryState, repository: string, id: string): Response {
  const session = state.sessions.find(repository, id);
  if (session === undefined) return unknownUpload(id);
  state.sessions.end(session);
  return new Response(null, { status: 204 });
}

async function finish(
  { store, sessions }: RegistryState,
  session: UploadSession,
  digest: Digest,
  request: Request,
): Promise<Response> {
  const refusal = await append(session, request);
  if (refusal !== undefined) return refusal;
  const { size } = session.ingest;
  // From here on nobody else may find or write it: finishing waits for the disk.
  sessions.retire(session);
  const actual = await store.adoptBlob(session.ingest, digest, session.repository);
  if (actual === digest) return created(session.repository, digest);
  return refuse(400, "DIGEST_INVALID", "the uploaded content has another digest", {
    expected: digest,
    actual,
    size,
  });
}

/** Takes the body; undefined when all of it is in the session. */
async function append(session: UploadSession, request: Request): Promise<Response | undefined> {
  const header = request.headers.get("Content-Range");
  if (header === null) {
    return (await receiveBody(request.body, session)) === "done" ? undefined : superseded();
  }
  const range = parseChunkRange(header);
  if (range === undefined) {
    return refuse(400, "BLOB_UPLOAD_INVALID", "Content-Range is not FIRST-LAST", { range: header });
  }
  if (range.start !== session.ingest.size) {
    const { headers } = accepted(session, 202);
    return refuse(
      416,
      "BLOB_UPLOAD_INVALID",
      "the chunk does not begin where the upload stands",
      { range: header },
      {
        ...Object.fromEntries(headers),
      },
    );
  }
  const length = range.end - range.start;
  const declared = request.headers.get("Content-Length");
  const wrongSize = () =>
    refuse(400, "SIZE_INVALID", "the body is not as long as its Content-Range", { range: header });
  if (declared !== null && Number(declared) !== length) return wrongSize();
  const outcome = await receiveBody(request.body, session, length);
  if (outcome === "superseded") return superseded();
  return outcome === "done" && session.ingest.size === range.end ? undefined : wrongSize();
}

function accepted(session: UploadSession, status: 202 | 204): Response {
  return new Response(null, {
    status,
    headers: {
      Location: `/v2/${session.repository}/blobs/uploads/${session.id}`,
      // Both ends inclusive, so an empty upload looks like one of a byte; so it does in every other registry.
      Range: `0-${Math.max(session.ingest.size - 1, 0)}`,
      "Docker-Upload-UUID": session.id,
    },
  });
}

function created(repository: string, digest: Digest): Response {
  return new Response(null, {
    status: 201,
    headers: { Location: `/v2/${repository}/blobs/${digest}`, "Docker-Content-Digest": digest },
  });
}

/** The answer to a digest that is none, or of an algorithm we do not have. */
export function invalidDigest(text: string): Response {
  return refuse(400, "DIGEST_INVALID", "this is no sha256, sha384 or sha512 digest", { digest: text });
}

function unknownUpload(id: string): Response {
  return refuse(404, "BLOB_UPLOAD_UNKNOWN", "the registry has no such upload", { upload: id });
}

function superseded(): Response {
  return refuse(409, "BLOB_UPLOAD_INVALID", "another request took this upload over");
}
