/** Seeded images in memory: everything a registry can hold, with digests that never change. */
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { digestOf } from "../../src/oci/digest.ts";
import {
  dockerManifest,
  dockerManifestList,
  ociImageIndex,
  ociImageManifest,
} from "../../src/oci/media-types.ts";
import type { Platform } from "../../src/oci/platform.ts";
import { gzipOf, seededBytes, tarOf } from "./seeded-bytes.ts";

/** Bytes and what points at them. */
export interface Content {
  descriptor: Descriptor;
  bytes: Uint8Array;
}

/** A manifest and everything below it. */
export interface Artifact {
  /** What a tag or a parent points at; carries `platform` where the artifact has one. */
  root: Descriptor;
  /** Children first, so that they can be pushed in this order; the root is the last. Each digest once. */
  manifests: readonly Content[];
  /** Each digest once. */
  blobs: readonly Content[];
}

/** How to make an image. */
export interface ImageOptions {
  /** Two images of one seed are the same image. */
  seed: string;
  /** Number of layers of its own (2). */
  layers?: number;
  /** Bytes of random content in each of them (3000). */
  layerBytes?: number;
  /** Layers made elsewhere (see {@link layerOf}), put before its own. */
  sharedLayers?: readonly Content[];
  platform?: Platform;
  /** Docker's media types instead of OCI's. */
  docker?: boolean;
  annotations?: Record<string, string>;
}

const linuxAmd64: Platform = { architecture: "amd64", os: "linux" };
const dockerConfig = "application/vnd.docker.container.image.v1+json";
const dockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const ociLayer = "application/vnd.oci.image.layer.v1.tar+gzip";

/** Bytes with their descriptor. */
export function contentOf(mediaType: string, bytes: Uint8Array): Content {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** JSON with its descriptor. */
export function jsonContent(mediaType: string, value: unknown): Content {
  return contentOf(mediaType, Buffer.from(JSON.stringify(value)));
}

/** A gzip'ed tar of one text and one random file. */
export function layerOf(seed: string, layerBytes = 3000, docker = false): Content {
  const files = [
    { name: "etc/seed", bytes: Buffer.from(`${seed}\n`) },
    { name: "usr/share/data.bin", bytes: seededBytes(seed, layerBytes) },
  ];
  return contentOf(docker ? dockerLayer : ociLayer, gzipOf(tarOf(files)));
}

/** A runnable-looking image: config with the right diff ids, and layers. */
export function imageOf(options: ImageOptions): Artifact {
  const { seed, layers = 2, layerBytes = 3000, sharedLayers = [], docker = false } = options;
  const platform = options.platform ?? linuxAmd64;
  const own = Array.from({ length: layers }, (_, at) => layerOf(`${seed}/${at}`, layerBytes, docker));
  const all = [...sharedLayers, ...own];
  const config = jsonContent(docker ? dockerConfig : "application/vnd.oci.image.config.v1+json", {
    ...platform,
    config: { Env: [`SEED=${seed}`] },
    rootfs: {
      type: "layers",
      diff_ids: all.map((layer) => digestOf(Bun.gunzipSync(Buffer.from(layer.bytes)))),
    },
  });
  const manifest = jsonContent(docker ? dockerManifest : ociImageManifest, {
    schemaVersion: 2,
    mediaType: docker ? dockerManifest : ociImageManifest,
    config: config.descriptor,
    layers: all.map((layer) => layer.descriptor),
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  });
  return artifact(manifest, [], [config, ...all], options.platform);
}

/** An index (or Docker manifest list) over artifacts, in their order; their platforms go into its entries. */
export function indexOf(children: readonly Artifact[], options: { docker?: boolean } = {}): Artifact {
  const mediaType = options.docker ? dockerManifestList : ociImageIndex;
  const index = jsonContent(mediaType, {
    schemaVersion: 2,
    mediaType,
    manifests: children.map((child) => child.root),
  });
  return artifact(
    index,
    children.flatMap((child) => child.manifests),
    children.flatMap((child) => child.blobs),
  );
}

/** linux/amd64, linux/arm64/v8 and, as buildkit adds it, an attestation with platform unknown/unknown. */
export function multiArchOf(seed: string, layerBytes = 3000): Artifact {
  const shared = [layerOf(`${seed}/shared`, layerBytes)];
  const amd64 = imageOf({ seed: `${seed}/amd64`, layerBytes, sharedLayers: shared, platform: linuxAmd64 });
  const arm64 = imageOf({
    seed: `${seed}/arm64`,
    layerBytes,
    sharedLayers: shared,
    platform: { architecture: "arm64", os: "linux", variant: "v8" },
  });
  const statement = jsonContent("application/vnd.in-toto+json", {
    _type: "statement",
    subject: amd64.root.digest,
  });
  const config = jsonContent("application/vnd.oci.image.config.v1+json", {
    architecture: "unknown",
    os: "unknown",
    config: {},
    rootfs: { type: "layers", diff_ids: [statement.descriptor.digest] },
  });
  const manifest = jsonContent(ociImageManifest, {
    schemaVersion: 2,
    mediaType: ociImageManifest,
    config: config.descriptor,
    layers: [statement.descriptor],
  });
  const attestation = artifact(manifest, [], [config, statement], { architecture: "unknown", os: "unknown" });
  attestation.root.annotations = {
    "vnd.docker.reference.digest": amd64.root.digest,
    "vnd.docker.reference.type": "attestation-manifest",
  };
  return indexOf([amd64, arm64, attestation]);
}

/** A Helm chart as `helm push` makes it. */
export function chartOf(name: string, version: string): Artifact {
  const config = jsonContent("application/vnd.cncf.helm.config.v1+json", { name, version, apiVersion: "v2" });
  const chart = contentOf(
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    gzipOf(
      tarOf([
        {
          name: `${name}/Chart.yaml`,
          bytes: Buffer.from(`apiVersion: v2\nname: ${name}\nversion: ${version}\n`),
        },
        { name: `${name}/values.yaml`, bytes: Buffer.from("replicas: 1\n") },
        { name: `${name}/templates/data.bin`, bytes: seededBytes(`${name}-${version}`, 2000) },
      ]),
    ),
  );
  const manifest = jsonContent(ociImageManifest, {
    schemaVersion: 2,
    config: config.descriptor,
    layers: [chart.descriptor],
  });
  return artifact(manifest, [], [config, chart]);
}

/** An artifact with the empty config (image-spec manifest.md, "Guidance for an Empty Descriptor"), about a subject if one is given. */
export function attachmentOf(
  artifactType: string,
  body: Uint8Array,
  options: { subject?: Descriptor; annotations?: Record<string, string> } = {},
): Artifact {
  const empty = contentOf("application/vnd.oci.empty.v1+json", Buffer.from("{}"));
  const layer = contentOf(artifactType, body);
  const manifest = jsonContent(ociImageManifest, {
    schemaVersion: 2,
    mediaType: ociImageManifest,
    artifactType,
    config: empty.descriptor,
    layers: [layer.descriptor],
    ...(options.subject === undefined
      ? {}
      : {
          subject: {
            mediaType: options.subject.mediaType,
            digest: options.subject.digest,
            size: options.subject.size,
          },
        }),
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  });
  return artifact(manifest, [], [empty, layer]);
}

/** An SBOM that refers to an artifact. */
export function sbomOf(subject: Artifact): Artifact {
  const body = Buffer.from(JSON.stringify({ spdxVersion: "SPDX-2.3", about: subject.root.digest }));
  return attachmentOf("application/spdx+json", body, { subject: subject.root });
}

function artifact(
  root: Content,
  below: readonly Content[],
  blobs: readonly Content[],
  platform?: Platform,
): Artifact {
  return {
    root: { ...root.descriptor, ...(platform === undefined ? {} : { platform }) },
    manifests: once([...below, root]),
    blobs: once(blobs),
  };
}

function once(contents: readonly Content[]): Content[] {
  return [...new Map(contents.map((content) => [content.descriptor.digest, content])).values()];
}
