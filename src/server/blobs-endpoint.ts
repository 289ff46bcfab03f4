/** Pulling and deleting blobs (distribution-spec "Pulling blobs", "Deleting Blobs"). */
import { isDigest } from "../oci/digest.ts";
import { parseByteRange } from "./byte-range.ts";
import { refuse } from "./refuse.ts";
import { invalidDigest, type RegistryState } from "./uploads-endpoint.ts";

/** GET and HEAD. The file goes from disk to socket without passing through JavaScript. */
export function getBlob(
  { store }: RegistryState,
  repository: string,
  reference: string,
  request: Request,
): Response {
  if (!isDigest(reference)) return invalidDigest(reference);
  const blobs = store.repository(repository)?.blobs;
  const size = blobs?.sizeOf(reference);
  if (blobs === undefined || size === undefined) return unknownBlob(repository, reference);
  const etag = `"${reference}"`;
  const headers = {
    "Content-Type": "application/octet-stream",
    "Docker-Content-Digest": reference,
    "Accept-Ranges": "bytes",
    // Bun would put the file's name into one of its own.
    "Content-Disposition": "attachment",
    ETag: etag,
  };
  if (request.method === "HEAD") {
    return new Response(null, { headers: { ...headers, "Content-Length": String(size) } });
  }
  const file = Bun.file(blobs.pathOf(reference));
  // RFC 9110, 13.1.5: a Range under a condition that does not hold is no Range.
  const condition = request.headers.get("If-Range");
  const range = parseByteRange(
    condition === null || condition === etag ? request.headers.get("Range") : null,
    size,
  );
  if (range === "whole") return new Response(file, { status: 200, headers });
  if (range === "unsatisfiable") {
    return refuse(
      416,
      "SIZE_INVALID",
      "the blob has no such range",
      { size },
      { "Content-Range": `bytes */${size}` },
    );
  }
  return new Response(file.slice(range.start, range.end), {
    status: 206,
    headers: { ...headers, "Content-Range": `bytes ${range.start}-${range.end - 1}/${size}` },
  });
}

/** DELETE. */
export async function deleteBlob(
  { store }: RegistryState,
  repository: string,
  reference: string,
): Promise<Response> {
  if (!isDigest(reference)) return invalidDigest(reference);
  const layout = store.repository(repository);
  if (layout?.index.manifest(reference) !== undefined) {
    return refuse(405, "UNSUPPORTED", "this is a manifest: delete it under manifests/", {
      digest: reference,
    });
  }
  const isDeleted = layout !== undefined && (await store.deleteBlob(reference, layout));
  return isDeleted ? new Response(null, { status: 202 }) : unknownBlob(repository, reference);
}

function unknownBlob(repository: string, digest: string): Response {
  return refuse(404, "BLOB_UNKNOWN", "the repository has no such blob", { name: repository, digest });
}
