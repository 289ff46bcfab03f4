/** Asking whether a blob is there already. */
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { headerOf } from "./http/exchange.ts";
import { failureAt, type Place, pathOf, scopesOf } from "./place.ts";

/**
 * True when the repository has the blob, with the descriptor's size. Asked before an upload, so with the token for one.
 * @throws AceError `denied` (403), `network`; `digest` when it is there with another size
 */
export async function hasBlobAt(place: Place, descriptor: Descriptor): Promise<boolean> {
  const subject = `blob ${descriptor.digest} of ${place.name}`;
  const reply = await place.endpoint.send(
    {
      method: "HEAD",
      target: pathOf(place, `blobs/${descriptor.digest}`),
      subject,
      scopes: scopesOf(place, "push"),
    },
    place.signals,
  );
  if (reply.status === 404) return false;
  // Who may only push may not look; the upload will tell.
  if (reply.status === 401) return false;
  if (reply.status !== 200) throw failureAt(place, "look for", subject, "push", reply);
  const length = headerOf(reply.headers, "content-length");
  if (length === undefined || Number(length) === descriptor.size) return true;
  throw new AceError(
    "digest",
    `Cannot use ${subject}: the registry has it with ${length} bytes, its descriptor says ${descriptor.size}`,
  );
}
