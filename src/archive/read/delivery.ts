/** Where an unpacked archive goes: a repository, or, in a dry run, nowhere. */

import { AceError } from "../../errors.ts";
import { type Descriptor, plainDescriptor } from "../../oci/descriptor.ts";
import type { RawManifest } from "../../oci/manifest.ts";
import type { Arrival, BlobPlace } from "../../pool/jobs.ts";
import type { Repository } from "../../registry/repository.ts";
import type { RunContext } from "../../run/run.ts";
import { sniffedBytes } from "./sniff-manifest.ts";

/** How a blob's or manifest's presence is asked for and brought about. */
export interface Delivery {
  /** Brings a blob from the archive to its place, verified. */
  deliver(descriptor: Descriptor, place: BlobPlace): Promise<Arrival>;
  /** The same for a blob that was read already and verified. */
  deliverBytes(descriptor: Descriptor, bytes: Uint8Array): Promise<Arrival>;
  /** Pushes a manifest whose children are all there. */
  push(manifest: RawManifest): Promise<Arrival>;
  /** True when the destination has what the archive lacks. */
  has(descriptor: Descriptor, role: "manifest" | "blob"): Promise<boolean>;
  /** Makes the root visible, or without a tag only there; `raw` is undefined when only the destination has it. */
  tag(root: Descriptor, raw: RawManifest | undefined, tag: string | undefined): Promise<void>;
  /** True for a body that should not be held in memory. */
  mayBeLarge(size: number): boolean;
}

export class RepositoryDelivery implements Delivery {
  readonly #run: RunContext;
  readonly #repository: Repository;
  readonly #chunkBytes: (size: number, place: BlobPlace) => number;

  constructor(
    run: RunContext,
    repository: Repository,
    chunkBytes: (size: number, place: BlobPlace) => number,
  ) {
    this.#run = run;
    this.#repository = repository;
    this.#chunkBytes = chunkBytes;
  }

  async deliver(descriptor: Descriptor, place: BlobPlace): Promise<Arrival> {
    return await this.#run.pool.run({
      kind: "upload",
      place,
      descriptor: plainDescriptor(descriptor),
      target: this.#repository.address,
      chunkBytes: this.#chunkBytes(descriptor.size, place),
    });
  }

  async deliverBytes(descriptor: Descriptor, bytes: Uint8Array): Promise<Arrival> {
    if (await this.#repository.hasBlob(descriptor)) return "skipped";
    await this.#repository.uploadBlob(descriptor, {
      open: async function* (offset: number) {
        yield bytes.subarray(offset);
      },
    });
    return "moved";
  }

  async push(manifest: RawManifest): Promise<Arrival> {
    if (await this.#repository.hasManifest(manifest.descriptor)) return "skipped";
    await this.#repository.pushManifest(manifest);
    return "moved";
  }

  has(descriptor: Descriptor, role: "manifest" | "blob"): Promise<boolean> {
    return role === "manifest"
      ? this.#repository.hasManifest(descriptor)
      : this.#repository.hasBlob(descriptor);
  }

  async tag(root: Descriptor, raw: RawManifest | undefined, tag: string | undefined): Promise<void> {
    await this.#repository.pushManifest(raw ?? (await this.#repository.fetchManifest(root)), tag);
  }

  mayBeLarge(size: number): boolean {
    return size > sniffedBytes;
  }
}

/** Checks everything, pushes nothing. What the archive lacks may be at the destination, which is only asked. */
export class DryDelivery implements Delivery {
  readonly #run: RunContext;
  readonly #repository: Repository;

  constructor(run: RunContext, repository: Repository) {
    this.#run = run;
    this.#repository = repository;
  }

  async deliver(descriptor: Descriptor, place: BlobPlace): Promise<Arrival> {
    await this.#run.pool.run({ kind: "verify", place, descriptor });
    return "moved";
  }

  async deliverBytes(): Promise<Arrival> {
    return "moved";
  }

  async push(): Promise<Arrival> {
    return "moved";
  }

  async has(descriptor: Descriptor, role: "manifest" | "blob"): Promise<boolean> {
    try {
      return await (role === "manifest"
        ? this.#repository.hasManifest(descriptor)
        : this.#repository.hasBlob(descriptor));
    } catch (error) {
      if (error instanceof AceError && error.code === "stopped") throw error;
      this.#run.ui.log(
        "warn",
        `cannot ask ${this.#repository.name} for ${descriptor.digest}, which the archive lacks`,
      );
      return false;
    }
  }

  async tag(): Promise<void> {}

  mayBeLarge(size: number): boolean {
    return size > sniffedBytes;
  }
}
