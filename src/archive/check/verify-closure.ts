/** Checks that a set of archives holds everything that its roots need, and that each index.json says what is there. */
import { DigestSet } from "../../collections/digest-set.ts";
import { AceError } from "../../errors.ts";
import { isGather } from "../../gather/gathered-images.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { childManifests, type ManifestContent, manifestLimitBytes } from "../../oci/manifest.ts";
import { isForeignLayer } from "../../oci/media-types.ts";
import type { ArchiveContents } from "../read/archive-contents.ts";
import type { ArchiveFault } from "../read/archive-faults.ts";
import { parseArchived } from "../read/parse-archived.ts";
import { NeedsWalk, type NeedVisitor } from "../read/walk-needs.ts";

/** How to check, and where to. */
export interface ClosureOptions {
  /** Blobs may be left out (not manifests): the other side has them. */
  partial: boolean;
}

/** What was found beside faults. */
export interface ClosureResult {
  /** Sources that the roots stand for. */
  images: number;
  /** Blobs left out, and their bytes; with `partial` only. */
  leftOut: { blobs: number; bytes: number };
}

/** Tells faults to the archive where they show: what is missing, to the one whose manifest or index.json names it. */
export async function checkClosure(
  archives: readonly ArchiveContents[],
  options: ClosureOptions,
): Promise<ClosureResult> {
  const closure = new Closure(archives, options);
  const walk = new NeedsWalk(closure, new DigestSet());
  for (const archive of archives) await closure.roots(archive, walk);
  for (const archive of archives) await closure.rest(archive, walk);
  for (const archive of archives) closure.unnamed(archive);
  return { images: closure.images, leftOut: closure.leftOut };
}

class Closure implements NeedVisitor {
  images = 0;
  readonly leftOut = { blobs: 0, bytes: 0 };
  readonly #archives: readonly ArchiveContents[];
  readonly #partial: boolean;
  readonly #needed = new DigestSet();
  /** Told to be missing or of a wrong size. */
  readonly #told = new DigestSet();
  /** What the index.json at an archive's end names, where there is one and the archive is of our form. */
  readonly #listed: ReadonlyMap<ArchiveContents, ReadonlySet<Digest>>;
  /** Faults that wait for the name of an image that they harm. */
  readonly #nameless = new Map<Digest, ArchiveFault[]>();
  /** Who names what is visited now, to tell what is missing to. */
  #naming: ArchiveContents | undefined;
  readonly #roots = new Set<Digest>();
  /** True when a manifest could not be read: then nobody knows what else is needed. */
  #isBlind = false;

  constructor(archives: readonly ArchiveContents[], options: ClosureOptions) {
    this.#archives = archives;
    this.#partial = options.partial;
    this.#listed = new Map(archives.flatMap((archive) => listOf(archive)));
    for (const fault of archives.flatMap(({ faults }) => faults)) {
      if (fault.digest === undefined) continue;
      const others = this.#nameless.get(fault.digest);
      if (others === undefined) this.#nameless.set(fault.digest, [fault]);
      else others.push(fault);
    }
  }

  /** What the first index.json names, with everything below. */
  async roots(archive: ArchiveContents, walk: NeedsWalk): Promise<void> {
    this.#naming = archive;
    for (const root of archive.layout.first?.manifests ?? []) {
      this.#roots.add(root.digest);
      await walk.below(root);
    }
  }

  /** What only the last index.json names: manifests that refer to others, and what nothing else led to. */
  async rest(archive: ArchiveContents, walk: NeedsWalk): Promise<void> {
    this.#naming = archive;
    for (const manifest of archive.layout.last?.manifests ?? []) {
      if (walk.hasVisited(manifest)) this.#checkSize(manifest, undefined);
      else await walk.below(manifest);
    }
  }

  /** Blobs that nothing names are no fault (image-spec image-layout.md), but nobody will get them. */
  unnamed(archive: ArchiveContents): void {
    if (this.#isBlind) return;
    let count = 0;
    let first: Digest | undefined;
    for (const { digest } of archive.blobs.all()) {
      if (this.#needed.has(digest)) continue;
      count++;
      first ??= digest;
    }
    if (first === undefined) return;
    const blobs = count === 1 ? "a blob is named" : `${count} blobs are named`;
    archive.notices.push(`${blobs} by no manifest, such as ${first}`);
  }

  async manifest(descriptor: Descriptor, image: string | undefined): Promise<ManifestContent | undefined> {
    const { digest } = descriptor;
    const archive = this.#need(descriptor, "manifest", image);
    this.#checkListed(digest, image);
    const content = archive && (await this.#read(archive, descriptor, image));
    if (content === undefined) this.#isBlind = true;
    else if (this.#roots.has(digest)) this.images += isGather(content) ? childManifests(content).length : 1;
    return content;
  }

  blob(descriptor: Descriptor, image: string | undefined): void {
    this.#need(descriptor, "blob", image);
  }

  /** @returns an archive that holds it; else what is missing is told, once */
  #need(
    descriptor: Descriptor,
    role: "manifest" | "blob",
    image: string | undefined,
  ): ArchiveContents | undefined {
    const { digest, size } = descriptor;
    this.#needed.add(digest);
    this.#nameFaults(digest, image);
    const archive = this.#archives.find((each) => each.holds(digest));
    if (archive !== undefined) {
      this.#checkSize(descriptor, image);
      return archive;
    }
    const isTold = this.#told.has(digest) || this.#archives.some(({ blobs }) => blobs.isWrong(digest));
    if (isTold || (role === "blob" && isForeignLayer(descriptor))) return undefined;
    this.#told.add(digest);
    if (role === "blob" && this.#partial) {
      this.leftOut.blobs++;
      this.leftOut.bytes += size;
    } else this.#naming?.tell("missing", `${role} of ${size} bytes is not there`, { digest, image });
    return undefined;
  }

  #checkSize({ digest, size }: Descriptor, image: string | undefined): void {
    if (this.#told.has(digest)) return;
    for (const archive of this.#archives) {
      const found = archive.blobs.find(digest);
      if (found === undefined || found.sizeBytes === size) continue;
      this.#told.add(digest);
      const message = `it has ${found.sizeBytes} bytes, its descriptor says ${size}`;
      archive.tell("size", message, { digest, image, offset: found.bodyOffset });
    }
  }

  /** The index.json at the end of an archive of our form names every manifest in it. */
  #checkListed(digest: Digest, image: string | undefined): void {
    for (const [archive, listed] of this.#listed) {
      if (!archive.holds(digest) || listed.has(digest)) continue;
      const offset = archive.blobs.find(digest)?.bodyOffset;
      archive.tell("index", "the last index.json does not name this manifest", { digest, image, offset });
    }
  }

  async #read(
    archive: ArchiveContents,
    descriptor: Descriptor,
    image: string | undefined,
  ): Promise<ManifestContent | undefined> {
    const { digest } = descriptor;
    const fail = (message: string) => archive.tellOfManifest(digest, message, image);
    const bytes = await archive.small(digest);
    if (bytes === undefined) {
      const size = archive.blobs.find(digest)?.sizeBytes ?? 0;
      fail(
        size > manifestLimitBytes
          ? `it has ${size} bytes, more than ${manifestLimitBytes}`
          : "it is no manifest",
      );
      return undefined;
    }
    try {
      return parseArchived(bytes, descriptor, archive.name);
    } catch (error) {
      if (!(error instanceof AceError)) throw error;
      fail(error.message);
      return undefined;
    }
  }

  #nameFaults(digest: Digest, image: string | undefined): void {
    for (const fault of this.#nameless.get(digest) ?? []) fault.image ??= image;
  }
}

/** Tools that write plain layouts name their roots only, and write one index.json. */
function listOf(archive: ArchiveContents): [ArchiveContents, Set<Digest>][] {
  if (archive.layout.last === undefined) return [];
  return [[archive, new Set(archive.layout.last.manifests.map(({ digest }) => digest))]];
}
