/** What the destination's tag points to before a gather: an earlier gather's work need not be done again. */
import { AceError } from "../errors.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { childManifests, type ManifestContent, parseManifest, type RawManifest } from "../oci/manifest.ts";
import { gatherArtifactType } from "../oci/media-types.ts";
import { contentKey } from "../oci/platform-filter.ts";
import type { Repository } from "../registry/repository.ts";
import { buildGatherIndex } from "./build-gather-index.ts";
import type { GatherOptions } from "./gather-options.ts";
import type { GatherEntry } from "./resolve-source.ts";

export class PreviousGather {
  readonly #raw: RawManifest;
  readonly #content: ManifestContent;
  readonly #keys: ReadonlySet<string>;
  /** All of them, as often as they stand in the index. */
  readonly #listed: string;

  constructor(raw: RawManifest, content: ManifestContent) {
    this.#raw = raw;
    this.#content = content;
    const keys = childManifests(content).map(contentKey);
    this.#keys = new Set(keys);
    this.#listed = keys.sort().join();
  }

  /** True when the earlier index names this manifest: the registry has it, and all below it that is wanted. */
  has(descriptor: Descriptor): boolean {
    return this.#keys.has(contentKey(descriptor));
  }

  /**
   * The index for these entries when it names just the manifests of the earlier one, as often, so that its sums still hold.
   * @returns undefined when something has to be copied; `raw` is undefined when the index is there byte for byte
   */
  reusable(
    entries: readonly GatherEntry[],
    options: GatherOptions,
    version: string,
  ): { raw: RawManifest | undefined } | undefined {
    const wanted = entries.map((entry) => contentKey(entry.descriptor)).sort();
    if (wanted.join() !== this.#listed) return undefined;
    const total = this.#size(annotationKeys.layerSizeTotal);
    const deduplicated = this.#size(annotationKeys.layerSizeDeduplicated);
    if (total === undefined || deduplicated === undefined) return undefined;
    const raw = buildGatherIndex(
      entries,
      options,
      { totalBytes: total, deduplicatedBytes: deduplicated },
      version,
    );
    return { raw: raw.descriptor.digest === this.#raw.descriptor.digest ? undefined : raw };
  }

  #size(key: string): number | undefined {
    const text = annotationKeys.readAnnotation(this.#content.annotations, key);
    return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : undefined;
  }
}

/** The earlier gather under a tag; undefined when there is nothing, or something else. */
export async function findPrevious(target: Repository, tag: string): Promise<PreviousGather | undefined> {
  try {
    const raw = await target.fetchTarget(tag);
    const content = parseManifest(raw.bytes, raw.descriptor.mediaType, `${target.name}:${tag}`);
    return content.artifactType === gatherArtifactType ? new PreviousGather(raw, content) : undefined;
  } catch (error) {
    // Denied and unreachable would fail the push too, and better now than then.
    if (error instanceof AceError && error.code === "not-found") return undefined;
    throw error;
  }
}
