/** Writes an archive of images that never were in a registry, for measuring what reads archives. */
import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import { blobEntryName } from "../../src/format/entry-name.ts";
import {
  firstIndexJson,
  indexJsonElement,
  indexJsonFrame,
  ociLayoutJson,
} from "../../src/format/layout-json.ts";
import { paddingBytes, tarHeader, tarTrailer } from "../../src/format/tar-header.ts";
import { gatherArtifactType, ociImageIndex, ociImageManifest } from "../../src/oci/media-types.ts";
import { type Content, contentOf, jsonContent } from "../../test/support/images.ts";
import { seededBytes } from "../../test/support/seeded-bytes.ts";

/** What the archive holds. Every image has layers of its own, a config and a manifest. */
export interface MadeArchive {
  images: number;
  layers: number;
  layerBytes: number;
}

/** Writes it, unless it is there; a file that was begun has another name. */
export async function makeArchive(path: string, options: MadeArchive): Promise<void> {
  if (await Bun.file(path).exists()) return;
  const manifests = Array.from({ length: options.images }, (_, at) => manifestOf(imageOf(options, at)));
  const root = jsonContent(ociImageIndex, {
    schemaVersion: 2,
    mediaType: ociImageIndex,
    artifactType: gatherArtifactType,
    manifests: manifests.map(({ descriptor }, at) => ({
      ...descriptor,
      annotations: { "vnd.act3-ace.manifest.source": `low.bench/src/made${at}:v1` },
    })),
  });
  const facts = { root: root.descriptor, tag: "v1", toolVersion: "bench", deduplicatedBytes: 0 };
  const tar = new TarFile(`${path}.new`);
  tar.file("oci-layout", Buffer.from(ociLayoutJson()));
  tar.file("index.json", Buffer.from(firstIndexJson(facts)));
  for (const name of ["blobs", "blobs/sha256"])
    tar.write(tarHeader({ name, sizeBytes: 0, kind: "directory" }));
  tar.blob(root);
  for (let at = 0; at < options.images; at++) {
    const blobs = imageOf(options, at);
    for (const each of [manifestOf(blobs), ...blobs]) tar.blob(each);
  }
  const { before, after } = indexJsonFrame(facts);
  const elements = manifests.map(({ descriptor }) => indexJsonElement(descriptor)).join("");
  tar.file("index.json", Buffer.from(before + elements + after));
  tar.write(tarTrailer());
  tar.close();
  renameSync(`${path}.new`, path);
}

/** Config and layers. */
function imageOf({ layers, layerBytes }: MadeArchive, image: number): Content[] {
  const blobs = Array.from({ length: layers }, (_, layer) =>
    contentOf(
      "application/vnd.oci.image.layer.v1.tar+gzip",
      seededBytes(`made/${image}/${layer}`, layerBytes),
    ),
  );
  const config = jsonContent("application/vnd.oci.image.config.v1+json", {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: blobs.map(({ descriptor }) => descriptor.digest) },
  });
  return [config, ...blobs];
}

function manifestOf([config, ...layers]: readonly Content[]): Content {
  return jsonContent(ociImageManifest, {
    schemaVersion: 2,
    mediaType: ociImageManifest,
    config: config?.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  });
}

class TarFile {
  readonly #fd: number;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(path: string) {
    this.#fd = openSync(path, "w");
  }

  blob({ descriptor, bytes }: Content): void {
    this.file(blobEntryName(descriptor.digest), bytes);
  }

  file(name: string, bytes: Uint8Array): void {
    for (const piece of [
      tarHeader({ name, sizeBytes: bytes.length, kind: "file" }),
      bytes,
      new Uint8Array(paddingBytes(bytes.length)),
    ])
      this.write(piece);
  }

  write(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes > 4 * 1024 * 1024) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#pieces);
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
    this.#pieces = [];
    this.#bytes = 0;
  }
}
