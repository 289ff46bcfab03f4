/** Writes a smaller index from an index: the same in everything but the manifests that are left out. */
import * as v from "valibot";
import * as annotationKeys from "./annotations.ts";
import type { Descriptor } from "./descriptor.ts";
import { digestAlgorithm, digestOf } from "./digest.ts";
import { goJson } from "./go-json.ts";
import type { ManifestContent, RawManifest } from "./manifest.ts";

const looseObject = v.record(v.string(), v.unknown());
const looseIndex = v.looseObject({
  manifests: v.nullish(v.array(looseObject)),
  annotations: v.nullish(v.record(v.string(), v.string())),
});
const looseManifests = v.pipe(v.string(), v.parseJson(), v.array(looseObject));

/**
 * The index with only the manifests that `places` has, in the source's order. Every other field stays, known to us or not; the
 * source's digest is added to its annotations. The same source and places make the same bytes.
 * @param content what {@link parseManifest} read from the source
 * @param places a manifest of `content` to the descriptor that takes its place: itself, or that of a rebuilt index
 */
export function rebuildIndex(
  source: RawManifest,
  content: ManifestContent,
  places: ReadonlyMap<Descriptor, Descriptor>,
): RawManifest {
  const text = new TextDecoder().decode(source.bytes);
  const fields = v.parse(v.pipe(v.string(), v.parseJson(), looseObject), text);
  const { manifests, annotations } = v.parse(looseIndex, fields);
  const choose = (all: readonly Record<string, unknown>[], parsed: readonly Descriptor[]) =>
    parsed.flatMap((child, at) => {
      const place = places.get(child);
      const written = all[at];
      return place === undefined || written === undefined ? [] : [placed(written, child, place)];
    });
  const rebuilt = {
    ...fields,
    manifests: choose(manifests ?? [], content.manifests),
    annotations: sorted({
      ...annotations,
      ...extraManifests(annotations ?? {}, (all) => choose(all, content.extraManifests)),
      [annotationKeys.sourceDigest]: source.descriptor.digest,
    }),
  };
  const bytes = new TextEncoder().encode(goJson(rebuilt));
  const digest = digestOf(bytes, digestAlgorithm(source.descriptor.digest));
  return { descriptor: { mediaType: content.mediaType, digest, size: bytes.length }, bytes };
}

/** An entry as the source wrote it, pointing at what takes its place. */
function placed(
  written: Record<string, unknown>,
  child: Descriptor,
  place: Descriptor,
): Record<string, unknown> {
  if (child.digest === place.digest) return written;
  const { data: _, ...rest } = written; // the old content, embedded
  return { ...rest, digest: place.digest, size: place.size };
}

/** The nested indexes of `--index-fallback`, which live in an annotation, under the key that the source uses. */
function extraManifests(
  annotations: Record<string, string>,
  choose: (all: readonly Record<string, unknown>[]) => Record<string, unknown>[],
): Record<string, string> {
  const text = annotationKeys.readAnnotation(annotations, annotationKeys.extraManifests);
  const key = Object.keys(annotations).find((name) => annotations[name] === text);
  if (text === undefined || key === undefined) return {};
  return { [key]: goJson(choose(v.parse(looseManifests, text))) };
}

function sorted(annotations: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
