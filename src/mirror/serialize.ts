/** `mirror serialize`: a gather index and everything below it, out of a registry, as one stream. */
import type { Packing } from "../archive/compress-frame.ts";
import { readLedger } from "../archive/ledger.ts";
import { DigestSet } from "../content/digest-set.ts";
import { type GraphStream, streamGraph, streamSteps } from "../content/stream-graph.ts";
import type { Digest } from "../oci/digest.ts";
import { parseReference } from "../oci/reference.ts";
import { checkDestination } from "../tape/medium.ts";
import type { RunSummary } from "../ui/summary.ts";
import { type ArchiveContent, planArchive } from "./plan-archive.ts";
import { type RunContext, targetOf } from "./run.ts";
import { writeArchive } from "./write-archive.ts";

export interface SerializeOptions {
  image: string;
  /** A path, or `-` for standard output. */
  destination: string;
  /** Images whose blobs the other side has. */
  existing: string[];
  blockBytes: number;
  /** 0 = automatic. */
  windowBytes: number;
  /** Percent; undefined takes the medium's default. */
  highWaterPercent: number | undefined;
  checkpoint?: string;
  existingFromCheckpoints: { file: string; offset: number }[];
  /** undefined writes a plain tar. */
  compression?: Packing;
  manifestJson: boolean;
  force: boolean;
  recursive: boolean;
}

/**
 * Reads every manifest first, so that a missing one is found before the first byte is written, then writes.
 * @throws AceError
 */
export async function serialize(options: SerializeOptions, run: RunContext): Promise<RunSummary> {
  const started = performance.now();
  const reference = parseReference(options.image);
  const medium = checkDestination({
    destination: options.destination,
    force: options.force,
    blockBytes: options.blockBytes,
  });
  run.pool.warmUp();
  run.status.phase = "reading manifests";
  const content: ArchiveContent = {
    tag: reference.tag ?? "latest",
    toolVersion: run.version,
    known: await readKnown(options, run),
    loadAs: options.manifestJson ? options.image : undefined,
  };
  const plan = await planArchive((skip) => openImage(options.image, options.recursive, skip, run), content);
  const { size } = plan;
  const { status } = run;
  status.phase = "serializing";
  status.imagesTotal = plan.imageCount;
  status.blobsTotal = size.blobs;
  status.blobsSkipped = size.knownBlobs;
  status.bytesSkipped = size.knownBytes;
  const source = (await run.source(reference)).address;
  const bytes = await writeArchive(
    plan,
    {
      ...options,
      checkpoint: options.checkpoint,
      compression: options.compression,
      medium,
      blobSource: () => source,
    },
    run,
  );
  status.imagesDone = status.imagesTotal;
  return {
    verb: "serialize",
    images: status.imagesTotal,
    blobs: size.blobs,
    bytesMoved: bytes,
    blobsSkipped: size.knownBlobs,
    bytesSkipped: size.knownBytes,
    blobsMounted: 0,
    bytesMounted: 0,
    seconds: (performance.now() - started) / 1000,
  };
}

/** The graph below a reference, opened. */
async function openImage(
  image: string,
  recursive: boolean,
  skip: (digest: Digest) => boolean,
  run: RunContext,
): Promise<GraphStream> {
  const reference = parseReference(image);
  const repository = await run.source(reference);
  const { descriptor } = await repository.fetchTarget(targetOf(reference));
  const options = { recursive, name: repository.name, signal: run.signal };
  return streamGraph(descriptor, repository, options, skip);
}

/** Blobs the other side has: those of EXISTING images, and those a checkpoint says are safely on a medium. */
async function readKnown(options: SerializeOptions, run: RunContext): Promise<DigestSet> {
  const known = new DigestSet();
  const images = options.existing.map(async (image) => {
    const seen = new DigestSet();
    const graph = await openImage(image, options.recursive, (digest) => seen.has(digest), run);
    for await (const step of streamSteps(graph, seen)) {
      if (step.kind === "blob") known.add(step.descriptor.digest);
    }
  });
  const checkpoints = options.existingFromCheckpoints.map(async ({ file, offset }) => {
    const ledger = await readLedger(file, offset);
    for (const notice of ledger.notices) run.ui.log("warn", notice);
    for (const digest of ledger.digests) known.add(digest);
  });
  await Promise.all([...images, ...checkpoints]);
  return known;
}
