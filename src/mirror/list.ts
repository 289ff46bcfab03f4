/** `mirror list`: the images in an archive, without reading their blobs. */
import { setImmediate } from "node:timers/promises";
import { readingChange } from "../archive/media/reading-change.ts";
import type { ArchiveContents } from "../archive/read/archive-contents.ts";
import type { ArchiveFault } from "../archive/read/archive-faults.ts";
import type { ReadingOptions } from "../archive/read/archive-source.ts";
import { ListedImage } from "../archive/read/list-image.ts";
import { openArchive } from "../archive/read/open-archive.ts";
import { parseArchived } from "../archive/read/parse-archived.ts";
import { readContents } from "../archive/read/read-contents.ts";
import { NeedsWalk } from "../archive/read/walk-needs.ts";
import { AceError } from "../errors.ts";
import { labelsOf, sourceOf } from "../gather/gather-index.ts";
import { isGather } from "../gather/gathered-images.ts";
import { platformOfConfig } from "../gather/image-platform.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { childManifests, type ManifestContent } from "../oci/manifest.ts";
import type { Platform } from "../oci/platform.ts";
import { type RunContext, stoppedError } from "../run/run.ts";

/** Images looked at before whatever else waits has a turn. */
const rowsInARow = 500;

export interface ListOptions extends ReadingOptions {
  /** A path, or `-` for standard input. */
  archive: string;
}

/** One image of an archive. */
export interface ListRow {
  /** Where it was gathered from, verbatim; empty when nothing says it. */
  reference: string;
  digest: Digest;
  labels: Readonly<Record<string, string>>;
  /** `os/arch[/variant]`, sorted. */
  platforms: readonly string[];
  /** Of the blobs (configs and layers) that it needs, each once. */
  bytes: number;
  /** Manifests and blobs that it needs and that are not in this archive, and bytes of those blobs. */
  missing: number;
  missingBytes: number;
}

export interface ListResult {
  /** What the archive is called. */
  name: string;
  /** In the order of the index. */
  rows: readonly ListRow[];
  /** What is wrong, as far as it shows without reading everything. */
  faults: readonly ArchiveFault[];
  notices: readonly string[];
}

/**
 * A plain file is read by position, its headers and manifests only; anything else is read through once.
 * @throws AceError `medium` when it cannot be read, `archive` when its images cannot be known, `stopped`
 */
export async function list(options: ListOptions, run: RunContext): Promise<ListResult> {
  const { status, signal } = run;
  const source = openArchive({
    ...options,
    source: options.archive,
    change: readingChange(options.volumeChange, run),
  });
  const stop = () => source.close();
  signal.addEventListener("abort", stop, { once: true });
  status.phase = "listing";
  status.bytesMoved = () => source.position();
  status.windowFill = () => source.windowFill();
  try {
    /** Of a stream, whose configs have passed when they are asked for. */
    const passed = new Map<Digest, Platform>();
    const contents = await readContents(source, {
      lastIndex: false,
      json: (digest, bytes) => {
        const platform = platformOfConfig(bytes);
        if (platform !== undefined) passed.set(digest, platform);
      },
      signal,
    });
    const rows: ListRow[] = [];
    for (const image of await imagesOf(contents)) {
      // See readContents: signals have their turn now and then.
      if (rows.length % rowsInARow === 0) await setImmediate();
      signal.throwIfAborted();
      rows.push(await rowOf(image, contents, passed));
    }
    return { name: contents.name, rows, faults: contents.faults, notices: contents.notices };
  } catch (error) {
    throw signal.aborted ? stoppedError(signal) : error;
  } finally {
    signal.removeEventListener("abort", stop);
    source.close();
  }
}

/** The images that the archive's roots stand for. */
async function imagesOf(contents: ArchiveContents): Promise<Descriptor[]> {
  const { faults, name } = contents;
  const { first } = contents.layout;
  if (first === undefined) {
    const [fault] = faults;
    throw new AceError("archive", `Cannot list ${name}: ${fault?.message ?? "it has no index.json"}`, {
      details: faults.slice(1).map(({ message }) => message),
    });
  }
  const images: Descriptor[] = [];
  for (const root of first.manifests) {
    const content = await readRoot(root, contents);
    images.push(...(content !== undefined && isGather(content) ? childManifests(content) : [root]));
  }
  return images;
}

/** Undefined when it is not in the archive, or cannot be read. */
async function readRoot(root: Descriptor, contents: ArchiveContents): Promise<ManifestContent | undefined> {
  const bytes = await contents.small(root.digest);
  if (bytes === undefined) return undefined;
  return parseArchived(bytes, root, contents.name);
}

async function rowOf(
  image: Descriptor,
  contents: ArchiveContents,
  passed: ReadonlyMap<Digest, Platform>,
): Promise<ListRow> {
  const listed = new ListedImage(contents, passed);
  await new NeedsWalk(listed).below(image);
  return {
    reference: sourceOf(image) ?? "",
    digest: image.digest,
    labels: labelsOf(image),
    platforms: await listed.platforms(image.platform),
    bytes: listed.bytes,
    missing: listed.missing,
    missingBytes: listed.missingBytes,
  };
}
