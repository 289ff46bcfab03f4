/** Puts an archive's manifests and blobs together at a destination: children before parents, the tag last. */

import { DigestSet } from "../../collections/digest-set.ts";
import { AceError, cannotRead } from "../../errors.ts";
import type { EntryRole } from "../../format/entry-name.ts";
import type { IndexJson } from "../../format/layout-json.ts";
import type { TarFound } from "../../format/tar-reader.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, digestAlgorithm, digestOf } from "../../oci/digest.ts";
import {
  childManifests,
  type ManifestContent,
  manifestLimitBytes,
  type RawManifest,
} from "../../oci/manifest.ts";
import type { ArchiveSource } from "./archive-source.ts";
import { Assembly, type AssemblyEvents, type Expected } from "./assembly.ts";
import type { Delivery } from "./delivery.ts";
import { LayoutFiles } from "./layout-files.ts";
import { parseArchived } from "./parse-archived.ts";
import { sniffManifest } from "./sniff-manifest.ts";
import { StrictOrder } from "./strict-order.ts";
import type { ReadPolicy } from "./walk-archive.ts";

/** What an archive turned out to hold. */
export interface Unpacked {
  root: Descriptor;
  tag: string | undefined;
  /** Sources that the root stands for. */
  images: number;
}

/** How to unpack. */
export interface UnpackOptions {
  /** A fault ends it. */
  policy: Exclude<ReadPolicy, "salvage">;
  events: AssemblyEvents;
  log(level: "info" | "warn", text: string): void;
  /** Sees every manifest, verified, as it comes. */
  manifest?(raw: RawManifest, content: ManifestContent): void;
  /** Sees where each blob is that is taken; its bytes are not verified yet. */
  place?(digest: Digest, entry: TarFound): void;
}

/** Takes entries one after the other; {@link Unpacking.finish} when there are no more. */
export class Unpacking {
  readonly #assembly: Assembly;
  readonly #policy: ReadPolicy;
  #strict: StrictOrder | undefined;
  #source: ArchiveSource;
  readonly #delivery: Delivery;
  readonly #log: (level: "info" | "warn", text: string) => void;
  readonly #seeManifest: UnpackOptions["manifest"];
  readonly #seePlace: UnpackOptions["place"];
  #first: IndexJson | undefined;
  /** Of the archive at hand, which may be one of several parts. */
  #layout: LayoutFiles;
  #seen = new DigestSet();
  /** Manifests of the archive at hand. */
  #manifests = new DigestSet();

  constructor(source: ArchiveSource, delivery: Delivery, options: UnpackOptions) {
    this.#source = source;
    this.#delivery = delivery;
    this.#log = options.log;
    this.#seeManifest = options.manifest;
    this.#seePlace = options.place;
    this.#policy = options.policy;
    this.#strict = this.#policy === "strict" ? new StrictOrder(source.name) : undefined;
    this.#layout = this.#layoutOf(source);
    this.#assembly = new Assembly(delivery, options.events);
  }

  /** What the first index.json says; undefined before it came. */
  get firstIndex(): IndexJson | undefined {
    return this.#first;
  }

  /**
   * Goes on with another part: what one lacks another may have.
   * @param open called when nothing of the part before is under way any more
   */
  async goOnWith(open: () => Promise<ArchiveSource>): Promise<void> {
    await this.#assembly.settled();
    this.#expectNamed();
    this.#source = await open();
    this.#strict = this.#policy === "strict" ? new StrictOrder(this.#source.name) : undefined;
    this.#layout = this.#layoutOf(this.#source);
    this.#seen = new DigestSet();
    this.#manifests = new DigestSet();
  }

  /** @throws AceError `archive` or `digest` for an entry that is wrong */
  async take(entry: TarFound, role: EntryRole): Promise<void> {
    this.#strict?.entry(entry);
    if (entry.type !== "file") return;
    switch (role.kind) {
      case "oci-layout":
        return this.#layout.take(entry, role.kind);
      case "index":
        await this.#layout.take(entry, role.kind);
        return this.#takeFirst();
      case "blob":
        return this.#takeBlob(entry, role.digest);
      case "other":
        if (role.notice !== undefined) this.#log("warn", role.notice);
    }
  }

  /**
   * At the end of the archive at hand, when the walk came there.
   * @throws AceError `archive` for what it has to hold and does not
   */
  end(): void {
    this.#layout.end();
    const { last } = this.#layout;
    if (last === undefined) return;
    const listed = new DigestSet();
    for (const { digest } of last.manifests) listed.add(digest);
    for (const digest of this.#manifests.all()) {
      if (listed.has(digest) || this.#assembly.isUnnamed(digest)) continue;
      throw cannotRead("archive", this.#source.name, `its last index.json does not name manifest ${digest}`);
    }
  }

  /**
   * Waits for everything, completes from the destination what the archive lacks, tags the root.
   * @param tag undefined pushes the root under its digest only
   * @throws AceError `archive` listing what is missing; the first failure of a job
   */
  async finish(tag: string | undefined): Promise<Unpacked> {
    const first = this.#first;
    if (first === undefined) {
      throw new AceError(
        "archive",
        `Cannot unpack ${this.#source.name}: it has no index.json, so it is no OCI archive`,
      );
    }
    this.#expectNamed();
    await this.#assembly.complete(this.#source.name);
    await this.#delivery.tag(first.root, this.#assembly.rootRaw, tag);
    return { root: first.root, tag: first.tag, images: this.#countImages(first.root) };
  }

  /**
   * After an archive turned out to be cut or damaged, or its medium cannot be read any further: lets what stood before that
   * arrive, since the next part counts on it.
   * @param arrived how many blobs the destination has of it
   * @returns the error to end with
   */
  async salvage(error: unknown, destination: string, arrived: () => number): Promise<unknown> {
    if (!(error instanceof AceError) || !["archive", "medium"].includes(error.code)) return error;
    await this.#assembly.settled();
    const blobs = arrived();
    if (blobs === 0) return error;
    const fact = `${blobs} of its blobs are in ${destination} now, so that a next part (ace-dt mirror serialize --existing-from-checkpoint) can complete it; nothing is tagged`;
    return error.withDetails(fact);
  }

  /** Resolves when nothing is under way any more, whatever became of it. */
  settled(): Promise<void> {
    return this.#assembly.settled();
  }

  #countImages(root: Descriptor): number {
    const raw = this.#assembly.rootRaw;
    if (raw === undefined) return 1;
    return Math.max(1, childManifests(parseArchived(raw.bytes, root, this.#source.name)).length);
  }

  #layoutOf(source: ArchiveSource): LayoutFiles {
    return new LayoutFiles(source.name, {
      read: (entry) => this.#read(entry),
      tell: ({ error }) => {
        throw error;
      },
    });
  }

  /** index.json comes twice: the first names the root, the last everything. */
  #takeFirst(): void {
    const { first: index, last } = this.#layout;
    if (index === undefined || last !== undefined) return;
    this.#strict?.setRoot(index.root.digest);
    if (this.#first === undefined) {
      this.#first = index;
      this.#assembly.expectRoot(index.root);
    } else if (index.root.digest !== this.#first.root.digest) {
      this.#log("info", `${this.#source.name} is about another image; it only completes the others`);
    }
  }

  /** All that the archive at hand names must be there in the end, unless it is about something else. */
  #expectNamed(): void {
    const { first, last } = this.#layout;
    if (first?.root.digest !== this.#first?.root.digest) return;
    for (const descriptor of (last ?? first)?.manifests ?? []) this.#assembly.expect(descriptor, undefined);
  }

  async #takeBlob(entry: TarFound, digest: Digest): Promise<void> {
    if (this.#seen.has(digest)) {
      throw new AceError(
        "archive",
        `Cannot unpack ${this.#source.name}: blob ${digest} stands in it twice (byte ${entry.headerOffset})`,
      );
    }
    this.#seen.add(digest);
    // An earlier part had it; only its place matters, and that only to --strict.
    if (this.#strict === undefined && this.#assembly.has(digest)) return;
    const expected = this.#assembly.expected(digest);
    if (expected !== undefined) checkSize(entry, expected, this.#source.name);
    if (expected?.role === "manifest") return this.#takeManifest(entry, expected);
    if (expected?.role === "blob") return this.#takeContent(entry, expected.descriptor);
    return this.#takeUnknown(entry, digest);
  }

  async #takeManifest(entry: TarFound, { descriptor, filters }: Expected): Promise<void> {
    const bytes = await this.#verified(entry, descriptor.digest);
    const content = parseArchived(bytes, descriptor, this.#source.name);
    this.#manifests.add(descriptor.digest);
    this.#strict?.manifest(descriptor.digest, content, filters[0]);
    this.#seeManifest?.({ descriptor, bytes }, content);
    this.#assembly.addManifest({ descriptor, bytes }, content);
  }

  async #takeContent(entry: TarFound, descriptor: Descriptor): Promise<void> {
    this.#strict?.settled(descriptor.digest);
    // An earlier part had it.
    if (this.#assembly.has(descriptor.digest)) return;
    this.#seePlace?.(descriptor.digest, entry);
    const place = await this.#source.claim(entry.bodyOffset, entry.sizeBytes);
    await this.#assembly.addBlob(descriptor, place);
  }

  /** Nothing named it yet: in an archive of another order it may be anything. What could be a manifest is looked at. */
  async #takeUnknown(entry: TarFound, digest: Digest): Promise<void> {
    const plain: Descriptor = { mediaType: "application/octet-stream", digest, size: entry.sizeBytes };
    if (entry.sizeBytes > manifestLimitBytes || this.#delivery.mayBeLarge(entry.sizeBytes))
      return this.#takeContent(entry, plain);
    const bytes = await this.#verified(entry, digest);
    if (!this.#assembly.has(digest)) this.#seePlace?.(digest, entry);
    const mediaType = sniffManifest(bytes);
    if (mediaType === undefined) {
      this.#strict?.settled(digest);
      return this.#assembly.has(digest) ? undefined : this.#assembly.addSmallBlob(plain, bytes);
    }
    const content = parseArchived(bytes, { mediaType, digest }, this.#source.name);
    this.#manifests.add(digest);
    this.#strict?.manifest(digest, content);
    this.#seeManifest?.({ descriptor: { ...plain, mediaType }, bytes }, content);
    this.#assembly.addManifest({ descriptor: { ...plain, mediaType }, bytes }, content);
  }

  async #read(entry: TarFound): Promise<Uint8Array> {
    const bytes = await this.#source.read(entry.bodyOffset, entry.sizeBytes);
    if (bytes.length < entry.sizeBytes) {
      throw new AceError(
        "archive",
        `Cannot unpack ${this.#source.name}: it ends at byte ${entry.bodyOffset + bytes.length}, in the middle of ${entry.name}: it is incomplete`,
      );
    }
    return bytes;
  }

  async #verified(entry: TarFound, digest: Digest): Promise<Uint8Array> {
    if (entry.sizeBytes > manifestLimitBytes) {
      throw new AceError(
        "archive",
        `Cannot unpack ${this.#source.name}: entry ${JSON.stringify(entry.name)} claims ${entry.sizeBytes} bytes, more than ${manifestLimitBytes} are not read`,
      );
    }
    const bytes = await this.#read(entry);
    const actual = digestOf(bytes, digestAlgorithm(digest));
    if (actual === digest) return bytes;
    const volumes = this.#source.files?.volumesOf(entry.bodyOffset, entry.sizeBytes);
    throw new AceError(
      "digest",
      `Cannot unpack ${this.#source.name}: blob ${digest} at byte ${entry.bodyOffset} hashes to ${actual}`,
      { hint: `The archive is damaged: copy ${volumes ?? "it"} again.` },
    );
  }
}

function checkSize(entry: TarFound, expected: { descriptor: Descriptor }, archive: string): void {
  const { digest, size } = expected.descriptor;
  if (size === entry.sizeBytes) return;
  throw new AceError(
    "digest",
    `Cannot unpack ${archive}: blob ${digest} has ${entry.sizeBytes} bytes at byte ${entry.bodyOffset}, its descriptor says ${size}`,
  );
}
