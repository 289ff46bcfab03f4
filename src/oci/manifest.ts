/** Manifests: the bytes as they were served, what kind they are, and what they point at. */
import * as v from "valibot";
import { AceError } from "../errors.ts";
import * as annotationKeys from "./annotations.ts";
import { type Descriptor, descriptorSchema, optionalOf } from "./descriptor.ts";
import {
  dockerManifest,
  dockerManifestList,
  isIndexType,
  isSchema1Type,
  ociArtifactManifest,
  ociImageIndex,
  ociImageManifest,
} from "./media-types.ts";

/** distribution-spec "Pushing Manifests": registries take at least 4 MiB; regclient reads up to 8 MiB, and so do we. */
export const manifestLimitBytes = 8 * 1024 * 1024;

/** A manifest whose bytes were checked against the descriptor. The bytes are never re-encoded. */
export interface RawManifest {
  descriptor: Descriptor;
  bytes: Uint8Array;
}

/** What a manifest says, as far as a mirror needs to know it. */
export interface ManifestContent {
  kind: "image" | "index";
  mediaType: string;
  artifactType: string | undefined;
  annotations: Record<string, string>;
  subject: Descriptor | undefined;
  /** `config` of an image manifest. */
  config: Descriptor | undefined;
  /** `layers` of an image manifest (`blobs` of an artifact manifest), in order, repeats kept. */
  layers: readonly Descriptor[];
  /** `manifests` of an index, in order. */
  manifests: readonly Descriptor[];
  /** Nested indexes of `gather --index-fallback`, which live in an annotation; follow `manifests`. */
  extraManifests: readonly Descriptor[];
}

// Shared, since most manifests lack most fields and a graph holds thousands of them.
const noDescriptors: readonly Descriptor[] = [];
const noAnnotations: Record<string, string> = {};

const manifestSchema = v.object({
  schemaVersion: v.optional(v.number()),
  mediaType: optionalOf(v.string()),
  artifactType: optionalOf(v.string()),
  config: optionalOf(descriptorSchema),
  layers: optionalOf(v.array(descriptorSchema)),
  blobs: optionalOf(v.array(descriptorSchema)),
  manifests: optionalOf(v.array(descriptorSchema)),
  subject: optionalOf(descriptorSchema),
  annotations: optionalOf(v.record(v.string(), v.string())),
});

/**
 * Reads a manifest.
 * @param declaredType the media type from the descriptor or Content-Type; empty when unknown
 * @param where the manifest's name in error messages
 * @throws AceError `registry` when the bytes are no manifest of a kind we know
 */
export function parseManifest(bytes: Uint8Array, declaredType: string, where: string): ManifestContent {
  const json = parseJson(bytes, where);
  // The type first: what is no manifest of ours need not have its shape either.
  const typed = v.safeParse(v.object({ mediaType: v.string() }), json);
  if (typed.success) checkType(typed.output.mediaType, where);
  const result = v.safeParse(manifestSchema, json);
  if (!result.success) {
    const issue = result.issues[0];
    throw new AceError(
      "registry",
      `Cannot read manifest ${where}: ${v.getDotPath(issue) ?? "it"}: ${issue.message}`,
    );
  }
  const body = result.output;
  const mediaType = body.mediaType ?? (isKnown(declaredType) ? declaredType : guessType(body));
  if (body.schemaVersion === 1) throw schema1Error(where);
  checkType(mediaType, where);
  if (isKnown(declaredType) && declaredType !== mediaType) {
    throw new AceError(
      "registry",
      `Cannot read manifest ${where}: it was served as ${declaredType} but says it is ${mediaType}`,
    );
  }
  const annotations = body.annotations ?? noAnnotations;
  return {
    kind: isIndexType(mediaType) ? "index" : "image",
    mediaType,
    artifactType: body.artifactType,
    annotations,
    subject: body.subject,
    config: body.config,
    layers: body.layers ?? body.blobs ?? noDescriptors,
    manifests: body.manifests ?? noDescriptors,
    extraManifests: parseExtraManifests(annotations, where),
  };
}

function checkType(mediaType: string, where: string): void {
  if (isSchema1Type(mediaType)) throw schema1Error(where);
  if (isKnown(mediaType)) return;
  throw new AceError(
    "registry",
    `Cannot read manifest ${where}: media type ${JSON.stringify(mediaType)} is no manifest type we know`,
  );
}

function schema1Error(where: string): AceError {
  return new AceError(
    "registry",
    `Cannot copy ${where}: it is a Docker schema 1 manifest, which has no stable digest`,
    { hint: "Push the image again with a current tool, then mirror that." },
  );
}

function parseJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new AceError("registry", `Cannot read manifest ${where}: it is not JSON`, { cause });
  }
}

function isKnown(mediaType: string): boolean {
  return (
    [ociImageManifest, ociImageIndex, dockerManifest, dockerManifestList, ociArtifactManifest].includes(
      mediaType,
    ) || isSchema1Type(mediaType)
  );
}

/** A manifest without `mediaType` (allowed by image-spec 1.0) is known by its shape. */
function guessType(body: { manifests?: unknown; layers?: unknown; config?: unknown }): string {
  if (body.manifests !== undefined) return ociImageIndex;
  return body.layers !== undefined || body.config !== undefined ? ociImageManifest : "";
}

function parseExtraManifests(annotations: Record<string, string>, where: string): readonly Descriptor[] {
  const text = annotationKeys.readAnnotation(annotations, annotationKeys.extraManifests);
  if (text === undefined) return noDescriptors;
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), v.array(descriptorSchema)), text);
  if (result.success) return result.output;
  throw new AceError(
    "registry",
    `Cannot read annotation ${annotationKeys.extraManifests} of ${where}: it is not a JSON array of descriptors`,
  );
}

/** Every manifest directly below, in archive order. */
export function childManifests(content: ManifestContent): readonly Descriptor[] {
  if (content.extraManifests.length === 0) return content.manifests;
  return [...content.manifests, ...content.extraManifests];
}

/** Every blob directly below, in archive order: config, then layers. */
export function childBlobs(content: ManifestContent): readonly Descriptor[] {
  return content.config === undefined ? content.layers : [content.config, ...content.layers];
}
