/** Narrows an index to some platforms: which of its manifests are wanted, and how that is said on the wire. */
import { AceError } from "../errors.ts";
import * as annotationKeys from "./annotations.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { isIndexType } from "./media-types.ts";
import {
  formatPlatform,
  isKnownPlatform,
  matchesPlatform,
  type Platform,
  parsePlatform,
} from "./platform.ts";

/** What becomes of an index when only some platforms are wanted. */
export const platformModes = ["original", "sparse", "rebuild"] as const;

/**
 * - `original`: each manifest of a wanted platform becomes an entry of its own
 * - `sparse`: the index stays as it is, its other manifests are left out
 * - `rebuild`: a smaller index is written
 */
export type PlatformMode = (typeof platformModes)[number];

/** The platforms of `-p` and the mode; no platforms means all. */
export interface PlatformChoice {
  platforms: readonly Platform[];
  mode: PlatformMode;
}

/** Manifests that are wanted, and those left out on purpose, in their order. */
export interface SplitManifests {
  kept: readonly Descriptor[];
  omitted: readonly Descriptor[];
}

/**
 * Decides from an index's own bytes which of its manifests stay, so that whoever reads the index later comes to the same answer:
 * those of a wanted platform, nested indexes that name no platform (decided inside them), and attestations about what stays.
 */
export class PlatformFilter {
  /** Tells filters apart; equal for equal filters. */
  readonly key: string;
  readonly #unions: readonly (readonly Platform[])[];

  /** @param unions a manifest has to match one platform of each */
  constructor(unions: readonly (readonly Platform[])[]) {
    this.#unions = unions;
    this.key = unions.map(formatPlatforms).join("&");
  }

  split(manifests: readonly Descriptor[]): SplitManifests {
    const digests = new Set(manifests.filter((child) => this.#wants(child)).map(({ digest }) => digest));
    const stays = (child: Descriptor) => this.#wants(child) || isAbout(child, digests);
    return { kept: manifests.filter(stays), omitted: manifests.filter((child) => !stays(child)) };
  }

  #wants({ platform, mediaType }: Descriptor): boolean {
    if (!isKnownPlatform(platform)) return isIndexType(mediaType);
    return this.#unions.every((union) => union.some((wanted) => matchesPlatform(wanted, platform)));
  }

  /** The filter that narrows by `platforms` too. */
  and(platforms: readonly Platform[]): PlatformFilter {
    return new PlatformFilter([...this.#unions, platforms]);
  }
}

function isAbout({ platform, annotations }: Descriptor, digests: ReadonlySet<string>): boolean {
  const about = annotations?.[annotationKeys.referenceDigest];
  return !isKnownPlatform(platform) && about !== undefined && digests.has(about);
}

/**
 * The filter for what an index names: what its descriptor says, and what holds for its parent unless the descriptor names the
 * platform of all below it.
 * @returns undefined when everything is wanted
 * @throws AceError `registry` when the annotation is no list of platforms
 */
export function filterBelow(
  descriptor: Descriptor,
  parent: PlatformFilter | undefined,
): PlatformFilter | undefined {
  const inherited = isKnownPlatform(descriptor.platform) ? undefined : parent;
  const text = descriptor.annotations?.[annotationKeys.sparsePlatforms];
  if (text === undefined) return inherited;
  const own = parsePlatforms(text, descriptor.digest);
  return inherited === undefined ? new PlatformFilter([own]) : inherited.and(own);
}

/** A digest, and which part of what is below it a descriptor wants: equal for descriptors that stand for the same. */
export function contentKey({ digest, annotations }: Descriptor): string {
  const platforms = annotations?.[annotationKeys.sparsePlatforms];
  return platforms === undefined ? digest : `${digest} ${platforms}`;
}

/** Platforms as {@link annotationKeys.sparsePlatforms} has them: sorted, each once, with commas between. */
export function formatPlatforms(platforms: readonly Platform[]): string {
  return [...new Set(platforms.map(formatPlatform))].sort().join(",");
}

function parsePlatforms(text: string, digest: Digest): Platform[] {
  try {
    return text.split(",").map(parsePlatform);
  } catch (cause) {
    if (!(cause instanceof AceError)) throw cause;
    throw new AceError(
      "registry",
      `Cannot read annotation ${annotationKeys.sparsePlatforms} of ${digest}: it is no list of platforms`,
      { cause },
    );
  }
}
