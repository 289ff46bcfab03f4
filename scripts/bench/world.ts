/** A world to measure in: a full registry, an empty one, slow doors to both, and lists of the images. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Artifact, contentOf, jsonContent } from "../../test/support/images.ts";
import { findProgram } from "../../test/support/needs.ts";
import { pushArtifact } from "../../test/support/push.ts";
import { startDistribution } from "../../test/support/registries.ts";
import { writeConfig } from "../../test/support/run-binary.ts";
import { seededBytes } from "../../test/support/seeded-bytes.ts";
import type { TempDir } from "../../test/support/temp-dir.ts";
import { openSlowDoor } from "./slow-door.ts";

/** Sets of images: how many, of how many layers, of how many bytes, how many of the layers are in all of them. */
export const imageSets = {
  big: { images: 8, layers: 4, layerBytes: 64 * 1024 * 1024, shared: 1 },
  small: { images: 100, layers: 8, layerBytes: 100_000, shared: 2 },
  one: { images: 1, layers: 1, layerBytes: 1024 * 1024 * 1024, shared: 0 },
  /** Not random but of this machine's programs, libraries and texts: what can be made smaller. */
  text: { images: 1, layers: 8, layerBytes: 128 * 1024 * 1024, shared: 0 },
  /** For what an image costs that is none but small: memory above all. */
  many: { images: 10_000, layers: 3, layerBytes: 1000, shared: 1 },
} as const;

/** The name of a set. */
export type ImageSet = keyof typeof imageSets;

/** Bytes of a set's layers, each once. */
export function layerBytesOf(set: ImageSet): number {
  const { images, layers, layerBytes, shared } = imageSets[set];
  return (images * (layers - shared) + shared) * layerBytes;
}

/** The archive that a set was serialized to, for jobs that read it. */
export function archiveOf(world: World, set: ImageSet): string {
  return join(world.directory, `${set}.tar`);
}

const delayMs = 20;
const pushesAtOnce = 4;
const narrowBytesPerSecond = 20 * 1024 * 1024;

/** A running world. Names of registries: `low.bench`, `high.bench`; `-lat` and `-slow` behind them are the doors. */
export interface World extends AsyncDisposable {
  directory: string;
  /** The configuration that knows the registries' names. */
  config: string;
  /** `http://127.0.0.1:port` of the low registry, for tools that do not read our configuration. */
  lowOrigin: string;
  /** The sources list of a set, as seen through a door. */
  list(set: ImageSet, door?: "" | "-lat" | "-slow"): string;
}

/**
 * Starts the registries and doors; makes and pushes the images when the directory has none yet (4 GB, about a minute).
 * @param directory kept between runs
 */
export async function openWorld(directory: string, sets: readonly ImageSet[]): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const program = findProgram("registry") === undefined ? "docker-registry" : "registry";
  if (findProgram(program) === undefined)
    throw new Error("Cannot measure: neither registry nor docker-registry is here");
  const [lowDirectory, highDirectory] = [join(directory, "low"), join(directory, "high")];
  await rm(highDirectory, { recursive: true, force: true });
  for (const each of [lowDirectory, highDirectory, join(directory, "out")])
    await mkdir(each, { recursive: true });
  const low = stack.use(await startDistribution(program, "", kept(lowDirectory)));
  const high = stack.use(await startDistribution(program, "", kept(highDirectory)));
  const door = async (origin: string, bytesPerSecond?: number): Promise<string> => {
    const options = { delayMs, ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }) };
    return stack.use(await openSlowDoor(origin, options)).origin;
  };
  for (const set of sets) await fill(low.origin, directory, set);
  const config = await writeConfig(join(directory, "ace-dt-config.yaml"), {
    "low.bench": low.origin,
    "high.bench": high.origin,
    "low-lat.bench": await door(low.origin),
    "high-lat.bench": await door(high.origin),
    "low-slow.bench": await door(low.origin, narrowBytesPerSecond),
  });
  for (const set of sets) {
    for (const through of ["", "-lat", "-slow"] as const) {
      const count = imageSets[set].images;
      const lines = Array.from({ length: count }, (_, at) => `low${through}.bench/src/${set}${at}:v1\n`);
      await Bun.write(listPath(directory, set, through), lines.join(""));
    }
  }
  const world = stack.move();
  return {
    directory,
    config,
    lowOrigin: low.origin,
    list: (set, through = "") => listPath(directory, set, through),
    [Symbol.asyncDispose]: () => world.disposeAsync(),
  };
}

/** A registry's directory that outlives the registry. */
function kept(path: string): TempDir {
  return { path, file: (name) => join(path, name), [Symbol.asyncDispose]: async () => {} };
}

function listPath(directory: string, set: ImageSet, door: string): string {
  return join(directory, `${set}${door}.list`);
}

/** Pushes a set once; a file in the directory remembers it. */
async function fill(origin: string, directory: string, set: ImageSet): Promise<void> {
  const done = Bun.file(join(directory, `filled-${set}`));
  if (await done.exists()) return;
  console.error(`bench: making the images of ${set}`);
  let next = 0;
  const push = async (): Promise<void> => {
    for (let at = next++; at < imageSets[set].images; at = next++) {
      await pushArtifact(origin, `src/${set}${at}`, randomImage(set, at), "v1");
    }
  };
  await Promise.all(Array.from({ length: pushesAtOnce }, push));
  await done.write("");
}

const layerType = "application/vnd.oci.image.layer.v1.tar";

/** A part of a tar of /usr/share and /usr/lib. @throws Error where that is too small */
function systemBytes(offset: number, length: number): Uint8Array {
  const script = 'tar -C / -cf - usr/share usr/lib 2>/dev/null | tail -c "+$1" | head -c "$2"';
  const bytes = Bun.spawnSync(["sh", "-c", script, "sh", `${offset + 1}`, `${length}`]).stdout;
  if (bytes.length < length)
    throw new Error(`Cannot make the text set: /usr has only ${offset} bytes and some`);
  return bytes;
}

/** An image whose layers are random bytes, or text, and no tar: nobody in these measurements looks inside. */
function randomImage(set: ImageSet, at: number): Artifact {
  const { layers, layerBytes, shared } = imageSets[set];
  const blobs = Array.from({ length: layers }, (_, layer) => {
    if (set === "text") return contentOf(layerType, systemBytes(layer * layerBytes, layerBytes));
    const seed = layer < shared ? `${set}/shared/${layer}` : `${set}/${at}/${layer}`;
    return contentOf(layerType, seededBytes(seed, layerBytes));
  });
  const config = jsonContent("application/vnd.oci.image.config.v1+json", {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: blobs.map((blob) => blob.descriptor.digest) },
  });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const descriptors = blobs.map((blob) => blob.descriptor);
  const manifest = jsonContent(mediaType, {
    schemaVersion: 2,
    mediaType,
    config: config.descriptor,
    layers: descriptors,
  });
  return { root: manifest.descriptor, manifests: [manifest], blobs: [config, ...blobs] };
}
