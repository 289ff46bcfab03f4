/** The plan is the archive: every byte has its place before a blob is fetched. */
import { describe, expect, test } from "bun:test";
import { type ArchivePiece, type ArchivePlan, pieceEnd } from "../../../src/archive/plan/archive-plan.ts";
import { Planning, planArchive } from "../../../src/archive/plan/plan-archive.ts";
import { GraphNode } from "../../../src/content/walk.ts";
import type { Descriptor } from "../../../src/oci/descriptor.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { parseManifest } from "../../../src/oci/manifest.ts";
import { tarParts } from "../../interop/tar-blocks.ts";
import { streamOf } from "../../mirror/artifact-source.ts";
import {
  type Artifact,
  attachmentOf,
  chartOf,
  contentOf,
  imageOf,
  indexOf,
  jsonContent,
  multiArchOf,
  sbomOf,
} from "../../support/images.ts";

const indexType = "application/vnd.oci.image.index.v1+json";
const tool = imageOf({ seed: "plan/tool" });
const gathered = indexOf([tool, multiArchOf("plan/multi"), chartOf("app", "1.0.0"), tool]);

function planOf(
  artifact: Artifact,
  known: readonly Digest[] = [],
  more: readonly Artifact[] = [],
): Promise<ArchivePlan> {
  const content = { tag: "sync-1", toolVersion: "test", known: new Set(known), loadAs: undefined };
  return planArchive((skip) => streamOf(artifact, more, skip), content);
}

/** The archive that comes of a plan when every blob is put into its place. */
function written(plan: ArchivePlan, artifacts: readonly Artifact[]): Uint8Array {
  const blobs = new Map(
    artifacts.flatMap(({ blobs }) => blobs.map((blob) => [blob.descriptor.digest, blob.bytes])),
  );
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const piece of plan.pieces()) {
    expect(piece.offset).toBe(offset);
    const bytes = piece.kind === "bytes" ? piece.bytes.slice() : blobs.get(piece.descriptor.digest);
    if (bytes === undefined) throw new Error("no such blob");
    parts.push(bytes);
    offset += bytes.length;
  }
  return Buffer.concat(parts);
}

/** The checkpoint's lines, as the pieces of the archive bring them up. */
function ledgerOf(plan: ArchivePlan): [Digest, number][] {
  return [...plan.pieces()].flatMap((piece): [Digest, number][] => {
    if (piece.kind !== "bytes" || piece.line === undefined) return [];
    const { descriptor, end } = plan.lineAt(piece.line);
    expect(end).toBe(pieceEnd(piece));
    return [[descriptor.digest, end]];
  });
}

const nameOf = (digest: Digest) => `blobs/${digest.replace(":", "/")}`;

describe("planArchive()", () => {
  test("has no gap, and makes a tar with every manifest and blob once, each manifest before its children", async () => {
    const plan = await planOf(gathered);
    const parts = tarParts(written(plan, [gathered]));
    const names = parts.map(({ name }) => name);
    const all = [...gathered.manifests, ...gathered.blobs].map(({ descriptor }) => nameOf(descriptor.digest));
    expect(names.slice(0, 5)).toEqual([
      "oci-layout",
      "index.json",
      "blobs",
      "blobs/sha256",
      nameOf(gathered.root.digest),
    ]);
    expect(names.at(-1)).toBe("index.json");
    expect(names.slice(4, -1).sort()).toEqual(all.sort());
    for (const { name, body } of parts.slice(4, -1))
      expect(nameOf(contentOf("", body).descriptor.digest)).toBe(name);
  });

  test("says with each manifest and blob how many bytes of the archive it takes to have it", async () => {
    const plan = await planOf(gathered);
    const ends = new Map(tarParts(written(plan, [gathered])).map(({ name, end }) => [name, end]));
    const ledger = ledgerOf(plan);
    expect(ledger).toHaveLength(gathered.manifests.length + gathered.blobs.length);
    for (const [digest, offset] of ledger) expect(offset).toBe(ends.get(nameOf(digest)) ?? -1);
  });

  test("leaves known blobs out, but no known manifest", async () => {
    const known = [...tool.blobs, ...tool.manifests].map(({ descriptor }) => descriptor.digest);
    const plan = await planOf(gathered, known);
    const names = tarParts(written(plan, [gathered])).map(({ name }) => name);
    for (const { descriptor } of tool.blobs) expect(names).not.toContain(nameOf(descriptor.digest));
    expect(names).toContain(nameOf(tool.root.digest));
    expect(plan.size).toMatchObject({
      knownBlobs: tool.blobs.length,
      blobs: gathered.blobs.length - tool.blobs.length,
      manifests: gathered.manifests.length,
    });
  });

  test("puts what refers to a manifest behind its children", async () => {
    const sbom = sbomOf(tool);
    const plan = await planOf(indexOf([tool]), [], [sbom]);
    const digests = ledgerOf(plan).map(([digest]) => digest);
    expect(digests.slice(1)).toEqual(
      [
        tool.root,
        ...tool.blobs.map(({ descriptor }) => descriptor),
        sbom.root,
        ...sbom.blobs.map((blob) => blob.descriptor),
      ].map(({ digest }) => digest),
    );
  });

  test("gives an empty blob an entry and no body", async () => {
    const artifact = attachmentOf("application/vnd.example.nothing", new Uint8Array(0));
    const plan = await planOf(artifact);
    const pieces = [...plan.pieces()];
    expect(pieces.filter((piece) => piece.kind === "blob").map((piece) => piece.descriptor.size)).toEqual([
      2,
    ]);
    expect(ledgerOf(plan)).toHaveLength(3);
    expect(tarParts(written(plan, [artifact])).filter(({ body }) => body.length === 0)).toHaveLength(3);
  });

  test("is gone on with anywhere: at the piece that a byte is in, as if all before it had been passed", async () => {
    const plan = await planOf(gathered);
    const shown = (pieces: Iterable<ArchivePiece>) =>
      [...pieces].map((piece) => [
        piece.offset,
        pieceEnd(piece),
        piece.kind === "blob" ? piece.entry : piece.line,
      ]);
    const all = shown(plan.pieces());
    for (let from = 1; from <= plan.size.bytes; from += 97)
      expect(shown(plan.pieces(from))).toEqual(all.filter(([, end]) => Number(end) > from));
    expect([...plan.pieces(plan.size.bytes)]).toEqual([]);
  });

  test("finds the first line that ends behind a byte", async () => {
    const plan = await planOf(gathered);
    const ends = Array.from({ length: plan.lines }, (_, line) => plan.lineAt(line).end);
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
    for (const at of [0, ...ends.flatMap((end) => [end - 1, end, end + 1])])
      expect(plan.linesBefore((end) => end > at)).toBe(ends.filter((end) => end <= at).length);
  });

  test("keeps all that is said of a blob, and where an image's blobs come from when its manifest came before", async () => {
    const layer = contentOf("application/octet-stream", new Uint8Array([1, 2, 3]));
    const described = { ...layer.descriptor, annotations: { a: "b" }, urls: ["https://example.com/x"] };
    const planning = new Planning({ tag: "t", toolVersion: "test", known: new Set(), loadAs: undefined });
    const node = (name: string, blobs: Descriptor[]) => {
      const content = { schemaVersion: 2, mediaType: indexType, manifests: blobs, annotations: { name } };
      const { descriptor, bytes } = jsonContent(indexType, content);
      return new GraphNode(
        descriptor,
        { descriptor, bytes },
        parseManifest(bytes, indexType, name),
        [],
        blobs,
        [],
        [],
      );
    };
    const first = node("first", []);
    planning.add(first, true);
    const again = new GraphNode(
      { ...first.descriptor, annotations: { from: "elsewhere" } },
      first.raw,
      first.content,
      [],
      [described],
      [],
      [],
    );
    planning.add(again, true);
    const plan = planning.close(node("root", []), 2);
    const [blob] = [...plan.pieces()].flatMap((piece) => (piece.kind === "blob" ? [piece] : []));
    expect(blob?.descriptor).toEqual(layer.descriptor);
    expect(blob?.entry.annotations).toEqual({ from: "elsewhere" });
    expect(plan.lineAt(2).descriptor).toEqual(described);
  });

  test("is measured to the byte", async () => {
    for (const artifact of [gathered, tool, chartOf("b", "2")]) {
      const plan = await planOf(artifact);
      const { size } = plan;
      expect(size.bytes).toBe(written(plan, [artifact]).length);
      expect(size.blobBytes).toBe(artifact.blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0));
    }
  });
});
