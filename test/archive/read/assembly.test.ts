/** Manifests follow what is below them, whatever the order in which an archive holds things; what is missing is all said at once. */
import { describe, expect, test } from "bun:test";
import { Assembly } from "../../../src/archive/read/assembly.ts";
import type { Delivery } from "../../../src/archive/read/delivery.ts";
import { AceError } from "../../../src/errors.ts";
import { sparsePlatforms } from "../../../src/oci/annotations.ts";
import type { Descriptor } from "../../../src/oci/descriptor.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { parseManifest, type RawManifest } from "../../../src/oci/manifest.ts";
import { isManifestType } from "../../../src/oci/media-types.ts";
import { type Artifact, chartOf, imageOf, indexOf, multiArchOf, sbomOf } from "../../support/images.ts";
import { childrenOf } from "../../support/push.ts";

/** A registry in memory that refuses a manifest whose children it lacks, as registries do. Answers take a moment. */
class MemoryDelivery implements Delivery {
  readonly has_ = new Set<Digest>();
  readonly failFor: Digest | undefined;
  /** Takes indexes without their manifests. */
  takesSparse = false;

  constructor(present: readonly Digest[] = [], failFor?: Digest) {
    for (const digest of present) this.has_.add(digest);
    this.failFor = failFor;
  }

  async deliver(descriptor: Descriptor): Promise<"moved"> {
    await Bun.sleep(Math.random() * 3);
    if (descriptor.digest === this.failFor) throw new AceError("denied", "Cannot push: no");
    this.has_.add(descriptor.digest);
    return "moved";
  }

  deliverBytes(descriptor: Descriptor): Promise<"moved"> {
    return this.deliver(descriptor);
  }

  async push({ descriptor, bytes }: RawManifest): Promise<"moved"> {
    for (const child of childrenOf(bytes)) {
      if (this.has_.has(child.digest) || (this.takesSparse && isManifestType(child.mediaType))) continue;
      throw new AceError("registry", `Cannot push: ${descriptor.digest} came before ${child.digest}`);
    }
    return await this.deliver(descriptor);
  }

  async has(descriptor: Descriptor): Promise<boolean> {
    return this.has_.has(descriptor.digest);
  }

  async tag(): Promise<void> {}

  mayBeLarge(): boolean {
    return false;
  }
}

const gathered = indexOf([imageOf({ seed: "assembly" }), multiArchOf("assembly/multi"), chartOf("a", "1")]);
const everything = [...gathered.manifests, ...gathered.blobs].map(({ descriptor }) => descriptor.digest);

interface Assembled {
  delivery: MemoryDelivery;
  manifests: Digest[];
  error: unknown;
}

/** Feeds an archive of these digests in this order. */
async function assemble(
  order: readonly Digest[],
  delivery: MemoryDelivery,
  artifacts: readonly Artifact[],
  root = gathered.root,
): Promise<Assembled> {
  const manifests: Digest[] = [];
  const assembly = new Assembly(delivery, {
    blob: () => undefined,
    manifest: (_, { digest }) => manifests.push(digest),
  });
  const contents = artifacts.flatMap((artifact) => [...artifact.manifests, ...artifact.blobs]);
  const isManifest = new Set(
    artifacts.flatMap((artifact) => artifact.manifests.map(({ descriptor }) => descriptor.digest)),
  );
  try {
    assembly.expect(root, undefined);
    for (const digest of order) {
      const content = contents.find(({ descriptor }) => descriptor.digest === digest);
      if (content === undefined) throw new Error("no such content");
      const { descriptor, bytes } = content;
      if (isManifest.has(digest))
        assembly.addManifest(content, parseManifest(bytes, descriptor.mediaType, "x"));
      else await assembly.addSmallBlob(descriptor, bytes);
    }
    await assembly.complete("a.tar");
  } catch (error) {
    return { delivery, manifests, error };
  }
  return { delivery, manifests, error: undefined };
}

/** The same order each time, from a seed. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  return items
    .map((item, at) => ({ item, key: Math.sin(seed * 1000 + at * 77.7) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

describe("Assembly", () => {
  test("pushes children before parents, in any order of an archive", async () => {
    for (const order of [
      everything,
      everything.toReversed(),
      ...[1, 2, 3, 4, 5].map((seed) => shuffled(everything, seed)),
    ]) {
      const { delivery, manifests, error } = await assemble(order, new MemoryDelivery(), [gathered]);
      expect(error).toBeUndefined();
      expect([...delivery.has_].sort()).toEqual(everything.toSorted());
      expect(manifests).toHaveLength(gathered.manifests.length);
      expect(manifests.at(-1)).toBe(gathered.root.digest);
    }
  });

  test("takes from the destination what the archive lacks", async () => {
    for (const absent of everything.slice(0, 6)) {
      const order = everything.filter((digest) => digest !== absent);
      const { error } = await assemble(order, new MemoryDelivery([absent]), [gathered]);
      expect(error).toBeUndefined();
    }
  });

  test("names everything that is nowhere, with the image it is of, and does not push what needs it", async () => {
    const absent = gathered.blobs.slice(0, 2).map(({ descriptor }) => descriptor.digest);
    const order = everything.filter((digest) => !absent.includes(digest));
    const { error, delivery } = await assemble(order, new MemoryDelivery(), [gathered]);
    expect(error).toMatchObject({ code: "archive" });
    if (!(error instanceof AceError)) throw new Error("no error");
    expect(error.message).toContain("2 pieces");
    expect(error.details).toHaveLength(2);
    for (const digest of absent) expect(error.details.join("\n")).toContain(digest);
    expect(delivery.has_.has(gathered.root.digest)).toBe(false);
  });

  test("pushes what refers to a manifest, though nothing names it", async () => {
    const sbom = sbomOf(imageOf({ seed: "assembly" }));
    const more = [...sbom.manifests, ...sbom.blobs].map(({ descriptor }) => descriptor.digest);
    for (const order of [
      [...everything, ...more],
      [...more, ...everything],
    ]) {
      const { error, delivery } = await assemble(order, new MemoryDelivery(), [gathered, sbom]);
      expect(error).toBeUndefined();
      expect(delivery.has_.has(sbom.root.digest)).toBe(true);
    }
  });

  describe("with an index of which some platforms are wanted", () => {
    const multi = multiArchOf("assembly/sparse");
    const [amd64, arm64] = multi.manifests;
    if (amd64 === undefined || arm64 === undefined) throw new Error("a multi-arch image has platforms");
    const narrow = (platforms: string): Artifact => ({
      ...multi,
      root: {
        ...multi.root,
        annotations: {
          [sparsePlatforms]: platforms,
          "vnd.act3-ace.manifest.source": "reg.example.com/multi",
        },
      },
    });
    const sparse = indexOf([narrow("linux/amd64")]);
    const digestsOf = (artifact: Artifact) =>
      [...artifact.manifests, ...artifact.blobs].map(({ descriptor }) => descriptor.digest);
    const ofArm64 = childrenOf(arm64.bytes).map(({ digest }) => digest);
    const ofAmd64 = childrenOf(amd64.bytes).map(({ digest }) => digest);
    const leftOut = [arm64.descriptor.digest, ...ofArm64.filter((digest) => !ofAmd64.includes(digest))];
    const order = digestsOf(sparse).filter((digest) => !leftOut.includes(digest));
    const lenient = (present: readonly Digest[] = []) =>
      Object.assign(new MemoryDelivery(present), { takesSparse: true });

    test("does not miss the others, in any order of an archive", async () => {
      for (const each of [order, order.toReversed(), shuffled(order, 1), shuffled(order, 2)]) {
        const { error, delivery } = await assemble(each, lenient(), [sparse], sparse.root);
        expect(error).toBeUndefined();
        expect([...delivery.has_].sort()).toEqual(order.toSorted());
      }
    });

    test("still finds everything else that is lost", async () => {
      for (const lost of order.filter((digest) => digest !== sparse.root.digest)) {
        const rest = order.filter((digest) => digest !== lost);
        const { error } = await assemble(rest, lenient(), [sparse], sparse.root);
        if (!(error instanceof AceError)) throw new Error(`${lost} was not missed`);
        expect(error.code).toBe("archive");
        expect(error.details.join()).toContain(lost);
      }
    });

    test("misses what another entry wants of the same index", async () => {
      for (const other of ["linux/arm64", undefined]) {
        const second = other === undefined ? multi : narrow(other);
        for (const both of [
          indexOf([narrow("linux/amd64"), second]),
          indexOf([second, narrow("linux/amd64")]),
        ]) {
          const whole = digestsOf(both);
          const lost = whole.filter((digest) => digest !== leftOut[0]);
          const { error } = await assemble(lost, lenient(), [both], both.root);
          expect(error).toMatchObject({
            code: "archive",
            details: [expect.stringContaining(arm64.descriptor.digest)],
          });
          expect((await assemble(whole, lenient(), [both], both.root)).error).toBeUndefined();
        }
      }
    });

    test("says what to do when the registry refuses it", async () => {
      const { error } = await assemble(order, new MemoryDelivery(), [sparse], sparse.root);
      expect(error).toMatchObject({
        code: "registry",
        message: expect.stringContaining("Cannot push reg.example.com/multi as a sparse index"),
        hint: { kind: "rebuild-index" },
      });
    });
  });

  test("fails with the first failure, and pushes no parent of what failed", async () => {
    const [first] = gathered.blobs;
    const failing = new MemoryDelivery([], first?.descriptor.digest);
    const { error } = await assemble(everything, failing, [gathered]);
    expect(error).toMatchObject({ code: "denied" });
    expect(failing.has_.has(gathered.root.digest)).toBe(false);
  });
});
