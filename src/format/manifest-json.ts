/**
 * `manifest.json`, the file that `docker load` looks for in an archive, and `podman load` in one of several images.
 *
 * The original writes one entry a source reference. We write the same bytes for every entry it got right, and differ where
 * its file makes `docker load` stop or load a thing that is no image:
 * - It takes only the first platform of a multi-platform index. We list every image; the first one has the tag, because a
 *   loader gives a tag that is listed twice to the last entry. The others load untagged (`RepoTags` empty, as `docker save`
 *   writes an image saved by id).
 * - It puts `repo@sha256:...` into RepoTags, and docker refuses the whole archive with "invalid tag" or "refusing to create
 *   a tag with a digest reference". We leave RepoTags empty; of `repo:tag@sha256:...` we keep `repo:tag`.
 * - A reference without tag and digest means `latest`, which docker wants spelt out.
 * - Helm charts, attestations, signatures and other artifacts are no images: left out, known by the types of config and layers.
 * - An image whose blobs are not all in this archive (EXISTING images, checkpoints, foreign layers) is left out: the
 *   loader would stop at the missing file.
 * - An image that has several references is one entry with several RepoTags, as docker itself writes it.
 */

import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { goJson } from "../oci/go-json.ts";
import type { ManifestContent } from "../oci/manifest.ts";
import { isImageConfigType } from "../oci/media-types.ts";
import type { Platform } from "../oci/platform.ts";
import { formatReference, parseReference } from "../oci/reference.ts";
import { blobEntryName } from "./entry-name.ts";

/** An image manifest in the archive. */
export interface ArchivedImage {
  /** The source reference, verbatim, of the entry in the gather index above it. */
  reference: string;
  /** From the descriptor in the index above; undefined for an image with no index of its own. */
  platform: Platform | undefined;
  content: ManifestContent;
}

interface LoadEntry {
  Config: string;
  RepoTags: string[];
  Layers: string[];
}

/** The entries of the file, gathered image by image. */
export class LoadList {
  readonly #entries = new Map<string, LoadEntry>();
  readonly #taken = new Set<string>();

  /**
   * Takes the next image, in archive order; a manifest with several references comes once for each.
   * @param inArchive true for a blob that this very archive holds
   */
  add(image: ArchivedImage, inArchive: (digest: Digest) => boolean): void {
    const { config, layers } = image.content;
    if (config === undefined || !isRunnable(image, config)) return;
    if (![config, ...layers].every((blob) => inArchive(blob.digest))) return;
    const paths = layers.map((layer) => blobEntryName(layer.digest));
    const key = [config.digest, ...paths].join(" ");
    const entry = this.#entries.get(key) ?? {
      Config: blobEntryName(config.digest),
      RepoTags: [],
      Layers: paths,
    };
    this.#entries.set(key, entry);
    const tag = loadableTag(image.reference);
    if (tag === undefined || this.#taken.has(tag)) return;
    this.#taken.add(tag);
    entry.RepoTags.push(tag);
  }

  /** The file: two-space indent, no newline at the end, as the original. `[]` when nothing in the archive is an image. */
  text(): string {
    return goJson([...this.#entries.values()], 2);
  }
}

/** BuildKit gives attestations the platform unknown/unknown and an image's config type: the layers tell them apart. */
function isRunnable({ platform, content }: ArchivedImage, config: Descriptor): boolean {
  return (
    isImageConfigType(config.mediaType) &&
    content.layers.every((layer) => isLayerType(layer.mediaType)) &&
    !(platform?.os === "unknown" && platform.architecture === "unknown")
  );
}

function isLayerType(mediaType: string): boolean {
  return (
    mediaType.startsWith("application/vnd.oci.image.layer.") ||
    mediaType.startsWith("application/vnd.docker.image.rootfs.")
  );
}

/** What docker's `reference.NamedTagged` takes; undefined when the reference has no tag to give. */
function loadableTag(reference: string): string | undefined {
  try {
    const { registry, repository, tag, digest } = parseReference(reference);
    if (tag === undefined && digest !== undefined) return undefined;
    return formatReference({ registry, repository, tag: tag ?? "latest" });
  } catch (error) {
    // A gather index of another tool may carry a name of its own there.
    if (error instanceof AceError && error.code === "input") return undefined;
    throw error;
  }
}
