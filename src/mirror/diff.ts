/** `mirror diff`: which images of a gather index are in none of some other images. */
import { walkGraph } from "../content/walk.ts";
import { AceError } from "../errors.ts";
import { type GatheredImage, imagesBelow, type OpenImage, openImage } from "../gather/gathered-images.ts";
import { type ImageSizes, measureImages } from "../gather/image-sizes.ts";
import type { Digest } from "../oci/digest.ts";
import type { RunContext } from "../run/run.ts";

export interface DiffOptions {
  /** A gather index. */
  artifact: string;
  /** Images, gather indexes among them, whose images are left out. */
  existing: readonly string[];
  /** List the images of a gather index that was gathered itself, instead of that index. */
  expand: boolean;
  /** Read all manifests and add up bytes. */
  sizes: boolean;
  recursive: boolean;
}

/** One image that differs. */
export interface DiffRow {
  /** Where it was gathered from, verbatim. */
  reference: string;
  digest: Digest;
  /** With {@link DiffOptions.sizes}: what it has in common with other images of the artifact, and with the existing ones. */
  sizes: ImageSizes | undefined;
}

export interface DiffResult {
  /** Sorted by reference; each digest once, under the first of its references. */
  rows: readonly DiffRow[];
  /** How many images were looked at. */
  images: number;
  /** With {@link DiffOptions.sizes}: bytes of the rows' blobs, each blob once. */
  total: { bytes: number; existingBytes: number } | undefined;
}

/**
 * Compares manifests by their digests, as the original does.
 * @throws AceError `usage` when the artifact is no gather index
 */
export async function diff(options: DiffOptions, run: RunContext): Promise<DiffResult> {
  run.status.phase = "reading manifests";
  const [artifact, ...existing] = await Promise.all(
    [options.artifact, ...options.existing].map((name) => openImage(name, options.recursive, run)),
  );
  if (artifact?.images === undefined) {
    throw new AceError("usage", `Cannot list ${options.artifact}: it is no gather index`, {
      hint: "Name an image that mirror gather or mirror deserialize has pushed.",
    });
  }
  const known = await readKnown(existing, options.sizes);
  const { differing, others } = choose(await grouped(artifact, artifact.images, options), known.images);
  const measured = options.sizes
    ? await measureImages(
        differing.map((image) => image.descriptor),
        others.map((image) => image.descriptor),
        known.blobs,
        artifact.reading,
      )
    : undefined;
  const rows = differing
    .sort((a, b) => (a.reference < b.reference ? -1 : a.reference > b.reference ? 1 : 0))
    .map(({ reference, descriptor: { digest } }) => ({
      reference,
      digest,
      sizes: measured?.images.get(digest),
    }));
  return { rows, images: differing.length + others.length, total: measured?.total };
}

/** An entry of the artifact, and the images inside of it when they are listed instead. */
interface Group {
  entry: GatheredImage;
  below: readonly GatheredImage[];
}

function grouped(
  artifact: OpenImage,
  images: readonly GatheredImage[],
  options: DiffOptions,
): Promise<Group[]> {
  return Promise.all(
    images.map(async (entry) => ({
      entry,
      below: options.expand ? await imagesBelow(entry.descriptor, artifact.reading) : [],
    })),
  );
}

/** Each digest once. A gather index all of whose images are known, but not itself, stands for itself, as in the original. */
function choose(
  groups: readonly Group[],
  known: ReadonlySet<Digest>,
): { differing: GatheredImage[]; others: GatheredImage[] } {
  const differing: GatheredImage[] = [];
  const others: GatheredImage[] = [];
  const seen = new Set<Digest>();
  const isNew = ({ descriptor: { digest } }: GatheredImage) => {
    const before = seen.size;
    return seen.add(digest).size > before;
  };
  const isKnown = ({ descriptor: { digest } }: GatheredImage) => known.has(digest);
  for (const { entry, below } of groups) {
    if (!isNew(entry)) continue;
    const inside = isKnown(entry) ? [] : below.filter(isNew);
    const shown = inside.every(isKnown) ? [entry] : inside;
    for (const image of shown) (isKnown(image) ? others : differing).push(image);
  }
  return { differing, others };
}

/** The manifests of the existing images, and with sizes their blobs. */
async function readKnown(
  existing: readonly OpenImage[],
  sizes: boolean,
): Promise<{ images: Set<Digest>; blobs: Set<Digest> }> {
  const images = new Set<Digest>();
  const blobs = new Set<Digest>();
  const readOne = async ({ descriptor, images: entries = [], reading }: OpenImage) => {
    images.add(descriptor.digest);
    await Promise.all(
      entries.map(async (entry) => {
        const below = await imagesBelow(entry.descriptor, reading);
        for (const image of [entry, ...below]) images.add(image.descriptor.digest);
      }),
    );
    if (!sizes) return;
    for (const step of walkGraph(await reading.node(descriptor))) {
      if (step.kind === "blob") blobs.add(step.descriptor.digest);
    }
  };
  await Promise.all(existing.map(readOne));
  return { images, blobs };
}
