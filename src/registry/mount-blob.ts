/** Taking a blob over from another repository of the same registry (distribution-spec end-11). */
import type { Descriptor } from "../oci/descriptor.ts";
import { repositoryScope } from "./auth/scope.ts";
import { type Place, pathOf } from "./place.ts";
import { sessionOf, type UploadSession } from "./upload-session.ts";

/** A refused mount often comes with an open upload session: pass it to `uploadBlob`, or cancel it. */
export type MountResult = { mounted: true } | { mounted: false; session?: UploadSession };

/** Asks for the mount. A registry that will not do it is no failure. */
export async function mountBlobAt(place: Place, descriptor: Descriptor, from: string): Promise<MountResult> {
  const { digest } = descriptor;
  const reply = await place.endpoint.send(
    {
      method: "POST",
      target: pathOf(
        place,
        `blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`,
      ),
      subject: `blob ${digest} from ${from} to ${place.name}`,
      // Both in one token, the destination first.
      scopes: [repositoryScope(place.repository, "push"), repositoryScope(from, "pull")],
      headers: { "content-type": "application/octet-stream" },
    },
    place.signals,
  );
  if (reply.status === 201) return { mounted: true };
  if (reply.status === 202) return { mounted: false, session: sessionOf(place, reply) };
  place.endpoint.notice(
    "debug",
    `blob ${digest} not mounted from ${from}: the registry answered ${reply.status}`,
  );
  return { mounted: false };
}
