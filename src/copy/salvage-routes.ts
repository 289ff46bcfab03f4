/** Brings to their places what blobs an archive holds that was cut off, so that the next part finds them there. */

import type { ArchiveImages } from "../archive/read/archive-images.ts";
import { Limiter } from "../async/limiter.ts";
import { type AceError, messageOf } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { childBlobs, childManifests, parseManifest } from "../oci/manifest.ts";
import { isManifestType } from "../oci/media-types.ts";
import { Failures } from "../run/failures.ts";
import type { RunContext } from "../run/run.ts";
import type { ArchiveSender } from "./archive-sender.ts";
import { BlobTransfer } from "./blob-transfer.ts";
import { imagesAtOnce, routeName } from "./distribute.ts";
import type { Route } from "./plan-scatter.ts";

/**
 * Sends the blobs, no manifests.
 * @param cut why the archive is not whole
 * @returns the error to end with
 */
export async function salvageRoutes(
  routes: readonly Route[],
  images: ArchiveImages,
  sender: ArchiveSender,
  cut: AceError,
  run: RunContext,
): Promise<AceError> {
  run.status.phase = "unarchiving a part";
  run.ui.log("warn", `${cut.message}; what stands before that is pushed, but no tag`);
  const transfer = new BlobTransfer(run, sender);
  const failures = new Failures(run.signal);
  const limiter = new Limiter(imagesAtOnce);
  await Promise.all(
    routes.map((route) =>
      limiter.run(() =>
        failures.attempt(routeName(route), async () => {
          const target = await run.target(route.target);
          const blobs = [...blobsBelow(route.entry.descriptor, images)];
          await Promise.all(blobs.map((blob) => transfer.ensure(blob, images.address, target.address)));
        }),
      ),
    ),
  );
  const { blobs } = transfer.totals;
  const refused = failures.list.map(({ name, error }) => `${name}: ${messageOf(error)}`);
  if (blobs === 0) return cut.withDetails(...refused);
  return cut.withDetails(
    ...refused,
    `${blobs} of its blobs are where its images go, so that a next part (ace-dt mirror serialize --existing-from-checkpoint) can complete them; nothing is tagged`,
  );
}

/** The blobs that the archive holds of an image. */
function* blobsBelow(descriptor: Descriptor, images: ArchiveImages): Generator<Descriptor, void, undefined> {
  if (!isManifestType(descriptor.mediaType)) {
    if (images.placeOf(descriptor) !== undefined) yield descriptor;
    return;
  }
  if (!images.hasManifest(descriptor.digest)) return;
  const { bytes } = images.manifest(descriptor);
  const content = parseManifest(bytes, descriptor.mediaType, descriptor.digest);
  for (const child of [...childManifests(content), ...childBlobs(content)]) yield* blobsBelow(child, images);
}
