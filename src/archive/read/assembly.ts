/** Keeps count of what an archive's graph still waits for; a manifest is pushed the moment all below it is there. */

import { Limiter } from "../../async/limiter.ts";
import { DigestSet } from "../../collections/digest-set.ts";
import { wantedChildren } from "../../content/walk.ts";
import { sourceOf } from "../../gather/gather-index.ts";
import { explainSparse } from "../../gather/sparse-refusal.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { childBlobs, type ManifestContent, parseManifest, type RawManifest } from "../../oci/manifest.ts";
import { isForeignLayer, isIndexType, isManifestType } from "../../oci/media-types.ts";
import { filterBelow, type PlatformFilter } from "../../oci/platform-filter.ts";
import type { Arrival, BlobPlace } from "../../pool/jobs.ts";
import type { Delivery } from "./delivery.ts";
import { incompleteArchive } from "./incomplete-archive.ts";

/** Something that a manifest or an index.json names. */
export interface Expected {
  descriptor: Descriptor;
  role: "manifest" | "blob";
  /** The source reference it belongs to, for messages. */
  reference: string | undefined;
  /** Of an index: what is wanted below it, as those say who name it; undefined for everything. Nearly always one. */
  filters: (PlatformFilter | undefined)[];
}

/** A manifest of the archive. */
interface Node {
  raw: RawManifest;
  reference: string | undefined;
  /** Children that are not at the destination yet. */
  waiting: number;
  /** True when some of its manifests are left out on purpose. */
  sparse: boolean;
}

/** What the counters of a run want to know. */
export interface AssemblyEvents {
  blob(arrival: Arrival, descriptor: Descriptor): void;
  manifest(arrival: Arrival, descriptor: Descriptor): void;
  /** A blob that could not be read whole. True takes it for missing, as another part may have it; the run ends otherwise. */
  unreadable?(error: unknown): boolean;
}

/** Blobs handed to the pool and not finished; more would only wait there. */
const mostInFlight = 128;

export class Assembly {
  readonly #delivery: Delivery;
  readonly #events: AssemblyEvents;
  readonly #expected = new Map<Digest, Expected>();
  /** Digests the archive held, whatever became of them. */
  readonly #found = new DigestSet();
  /** Those of them that turned out to be damaged. */
  readonly #lost = new Set<Digest>();
  /** What is at the destination. All else that is known of it is forgotten: see {@link Assembly.#settle}. */
  readonly #settled = new DigestSet();
  readonly #waiters = new Map<Digest, Node[]>();
  /** Manifests nothing has named so far. */
  readonly #orphans = new Map<Digest, { raw: RawManifest; content: ManifestContent }>();
  readonly #kept = new Map<Digest, RawManifest>();
  #root: Digest | undefined;
  readonly #limiter = new Limiter(mostInFlight);
  #failure: { error: unknown } | undefined;

  constructor(delivery: Delivery, events: AssemblyEvents) {
    this.#delivery = delivery;
    this.#events = events;
  }

  /** True when the archive, or an earlier part of it, had this and it could be read. */
  has(digest: Digest): boolean {
    return this.#found.has(digest) && !this.#lost.has(digest);
  }

  /** What was said about a digest before it came; undefined when nothing was. */
  expected(digest: Digest): Expected | undefined {
    return this.#expected.get(digest);
  }

  /** True for a manifest that nothing has named so far. */
  isUnnamed(digest: Digest): boolean {
    return this.#orphans.has(digest);
  }

  /** The root's bytes, when the archive had them. */
  get rootRaw(): RawManifest | undefined {
    return this.#root === undefined ? undefined : this.#kept.get(this.#root);
  }

  /** Says which manifest the archive is about: the one whose bytes are kept to the end. */
  expectRoot(descriptor: Descriptor): void {
    this.#root = descriptor.digest;
    this.expect(descriptor, undefined);
  }

  /** Says that something is needed. */
  expect(descriptor: Descriptor, reference: string | undefined): void {
    if (!this.#expected.has(descriptor.digest)) this.#expect(descriptor, reference, undefined);
  }

  /** @param parent what is wanted of the index that names it */
  #expect(descriptor: Descriptor, reference: string | undefined, parent: PlatformFilter | undefined): void {
    const role = isManifestType(descriptor.mediaType) ? "manifest" : "blob";
    const filter = isIndexType(descriptor.mediaType) ? filterBelow(descriptor, parent) : undefined;
    const known = this.#expected.get(descriptor.digest);
    if (known === undefined && this.#settled.has(descriptor.digest)) return;
    if (known !== undefined) {
      if (role === "manifest") this.#widen(known, filter);
      return;
    }
    const named = sourceOf(descriptor) ?? reference;
    this.#expected.set(descriptor.digest, { descriptor, role, reference: named, filters: [filter] });
    const orphan = this.#orphans.get(descriptor.digest);
    if (orphan === undefined) return;
    this.#orphans.delete(descriptor.digest);
    if (role === "manifest") this.#adopt(orphan.raw, orphan.content);
    else void this.addSmallBlob(descriptor, orphan.raw.bytes);
  }

  /** An index that is named again may be wanted for more than before: then more has to be there. */
  #widen(known: Expected, filter: PlatformFilter | undefined): void {
    if (known.filters.some((other) => other?.key === filter?.key)) return;
    known.filters.push(filter);
    const { descriptor, reference } = known;
    const raw = this.#kept.get(descriptor.digest);
    if (raw === undefined) return;
    const { nested, odd } = wantedChildren(
      parseManifest(raw.bytes, descriptor.mediaType, descriptor.digest),
      filter,
    );
    for (const child of [...nested, ...odd]) this.#expect(child, reference, filter);
  }

  /** Takes a verified manifest out of the archive. */
  addManifest(raw: RawManifest, content: ManifestContent): void {
    this.#throwFailure();
    const { digest } = raw.descriptor;
    if (this.#found.has(digest)) return;
    this.#found.add(digest);
    // What refers to another manifest is wanted whether or not anything names it.
    if (content.subject !== undefined) this.expect(raw.descriptor, undefined);
    if (this.#expected.get(digest)?.role === "manifest") this.#adopt(raw, content);
    else this.#orphans.set(digest, { raw, content });
  }

  /** Hands a blob of the archive on. Resolves when there is room for the next one, not when it has arrived. */
  async addBlob(descriptor: Descriptor, place: BlobPlace): Promise<void> {
    this.#throwFailure();
    this.#found.add(descriptor.digest);
    this.#lost.delete(descriptor.digest);
    await this.#limiter.start(() =>
      this.#arrive(descriptor, () => this.#delivery.deliver(descriptor, place)),
    );
  }

  /** The same for a blob that is in memory. */
  async addSmallBlob(descriptor: Descriptor, bytes: Uint8Array): Promise<void> {
    this.#throwFailure();
    this.#found.add(descriptor.digest);
    this.#lost.delete(descriptor.digest);
    await this.#limiter.start(() =>
      this.#arrive(descriptor, () => this.#delivery.deliverBytes(descriptor, bytes)),
    );
  }

  /**
   * Waits for what is under way, then asks the destination for what the archive lacks.
   * @throws AceError `archive` listing what neither has; the first failure
   */
  async complete(archive: string): Promise<void> {
    await this.#idle();
    const missing: Expected[] = [];
    const lacking = [...this.#expected.values()].filter(({ descriptor }) => !this.has(descriptor.digest));
    await Promise.all(
      lacking.map(async (expected) => {
        const { descriptor, role } = expected;
        // A foreign layer may be nowhere but under its urls; the registry decides whether it takes the manifest then.
        if (isForeignLayer(descriptor) || (await this.#delivery.has(descriptor, role)))
          this.#settle(descriptor.digest);
        else missing.push(expected);
      }),
    );
    await this.#idle();
    if (missing.length > 0) throw incompleteArchive(archive, missing);
  }

  /** Resolves when nothing is under way any more, whatever became of it. */
  settled(): Promise<void> {
    return this.#limiter.idle();
  }

  #adopt(raw: RawManifest, content: ManifestContent): void {
    const { reference, filters = [undefined] } = this.#expected.get(raw.descriptor.digest) ?? {};
    const node: Node = { raw, reference, waiting: 0, sparse: !filters.includes(undefined) };
    if (content.kind === "index") this.#kept.set(raw.descriptor.digest, raw);
    const children = new Set<Digest>();
    for (const filter of filters) {
      const { nested, odd } = wantedChildren(content, filter);
      for (const child of [...nested, ...odd, ...childBlobs(content)]) {
        children.add(child.digest);
        this.#expect(child, reference, filter);
      }
    }
    for (const digest of children) {
      if (this.#settled.has(digest)) continue;
      node.waiting++;
      const waiters = this.#waiters.get(digest);
      if (waiters === undefined) this.#waiters.set(digest, [node]);
      else waiters.push(node);
    }
    if (node.waiting === 0) this.#push(node);
  }

  #push(node: Node): void {
    const { raw } = node;
    void this.#limiter.start(async () => {
      await this.#guard(async () => {
        const arrival = await this.#delivery.push(raw).catch((error: unknown) => {
          throw node.sparse ? explainSparse(error, node.reference ?? raw.descriptor.digest) : error;
        });
        this.#events.manifest(arrival, raw.descriptor);
        this.#settle(raw.descriptor.digest);
      });
    });
  }

  async #arrive(descriptor: Descriptor, deliver: () => Promise<Arrival>): Promise<void> {
    await this.#guard(async () => {
      const arrival = await deliver().catch((error: unknown) => {
        if (this.#events.unreadable?.(error) !== true) throw error;
        this.#lost.add(descriptor.digest);
      });
      if (arrival === undefined) return;
      this.#events.blob(arrival, descriptor);
      this.#settle(descriptor.digest);
    });
  }

  #settle(digest: Digest): void {
    if (this.#settled.has(digest)) return;
    this.#settled.add(digest);
    const waiters = this.#waiters.get(digest) ?? [];
    this.#waiters.delete(digest);
    // What is there whole need not be known any more: an archive may hold a million blobs.
    if (this.#expected.get(digest)?.filters.includes(undefined) === true) {
      this.#expected.delete(digest);
      if (digest !== this.#root) this.#kept.delete(digest);
    }
    for (const node of waiters) {
      node.waiting--;
      if (node.waiting === 0) this.#push(node);
    }
  }

  /** The first failure wins; everything after it only winds down. */
  async #guard(work: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      await work();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  async #idle(): Promise<void> {
    await this.#limiter.idle();
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
