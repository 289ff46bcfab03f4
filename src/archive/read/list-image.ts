/** Adds up what one image of an archive needs, and finds out what it runs on. */
import { AceError } from "../../errors.ts";
import { platformOfConfig } from "../../gather/image-platform.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ManifestContent } from "../../oci/manifest.ts";
import { isForeignLayer, isImageConfigType } from "../../oci/media-types.ts";
import { formatPlatform, isKnownPlatform, type Platform } from "../../oci/platform.ts";
import type { ArchiveContents } from "./archive-contents.ts";
import { parseArchived } from "./parse-archived.ts";
import type { NeedVisitor } from "./walk-needs.ts";

/** A config's own limits are a layer's history and labels; larger ones are not read for the sake of a word. Bytes. */
const configLimitBytes = 1024 * 1024;

export class ListedImage implements NeedVisitor {
  bytes = 0;
  missing = 0;
  missingBytes = 0;
  readonly #contents: ArchiveContents;
  readonly #passed: ReadonlyMap<Digest, Platform>;
  readonly #seen = new Set<Digest>();
  readonly #platforms = new Set<string>();
  /** Of images whose descriptors name no platform. */
  readonly #configs: Descriptor[] = [];

  /** @param passed platforms of the configs of a stream */
  constructor(contents: ArchiveContents, passed: ReadonlyMap<Digest, Platform>) {
    this.#contents = contents;
    this.#passed = passed;
  }

  async manifest(descriptor: Descriptor): Promise<ManifestContent | undefined> {
    const { digest, platform } = descriptor;
    const bytes = this.#has(descriptor) ? await this.#contents.small(digest) : undefined;
    if (bytes === undefined) {
      if (!this.#seen.has(digest)) this.missing++;
      this.#seen.add(digest);
      return undefined;
    }
    const content = this.#parse(bytes, descriptor);
    if (content?.kind !== "image") return content;
    if (isKnownPlatform(platform)) this.#platforms.add(formatPlatform(platform));
    else if (platform === undefined && content.config !== undefined) this.#configs.push(content.config);
    return content;
  }

  blob(descriptor: Descriptor): void {
    const { digest, size } = descriptor;
    if (this.#seen.has(digest)) return;
    this.#seen.add(digest);
    if (this.#has(descriptor)) this.bytes += size;
    else if (!isForeignLayer(descriptor)) {
      this.bytes += size;
      this.missing++;
      this.missingBytes += size;
    }
  }

  /** Every platform that is named, sorted. @param own what the image's own descriptor names */
  async platforms(own: Platform | undefined): Promise<string[]> {
    if (isKnownPlatform(own)) this.#platforms.add(formatPlatform(own));
    for (const config of this.#configs) {
      if (!isImageConfigType(config.mediaType) || config.size > configLimitBytes) continue;
      const passed = this.#passed.get(config.digest);
      const bytes = passed === undefined ? await this.#contents.small(config.digest) : undefined;
      const platform = bytes === undefined ? passed : platformOfConfig(bytes);
      if (platform !== undefined) this.#platforms.add(formatPlatform(platform));
    }
    return [...this.#platforms].sort();
  }

  #has({ digest, size }: Descriptor): boolean {
    return this.#contents.blobs.find(digest)?.sizeBytes === size && !this.#contents.blobs.isWrong(digest);
  }

  /** A manifest that cannot be read counts as missing. */
  #parse(bytes: Uint8Array, descriptor: Descriptor): ManifestContent | undefined {
    try {
      return parseArchived(bytes, descriptor, this.#contents.name);
    } catch (error) {
      if (!(error instanceof AceError)) throw error;
      this.missing++;
      this.#contents.tellOfManifest(descriptor.digest, error.message);
      return undefined;
    }
  }
}
