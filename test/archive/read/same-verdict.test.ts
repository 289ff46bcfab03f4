/** The same archive gets the same verdict from every verb that reads archives: good is 0, wrong is 6, whichever verb is asked. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { blobEntryName } from "../../../src/format/entry-name.ts";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import { type Found, walkTar } from "../../faults/archive-facts.ts";
import { openWorld, plainImage, type World } from "../../faults/world.ts";
import { layerOf } from "../../support/images.ts";
import { pushArtifact } from "../../support/push.ts";
import { type TarFile, tarOf } from "../../support/seeded-bytes.ts";
import { cutVolumes } from "../../support/volumes.ts";

setDefaultTimeout(120_000);

const verbs = [
  "verify",
  "list",
  "deserialize --dry-run",
  "deserialize",
  "unarchive --dry-run",
  "unarchive",
] as const;
type Verb = (typeof verbs)[number];

/** What a verb says that does not look where the fault is, or has a reason to see it otherwise; all others say `code`. */
type Exceptions = Partial<Record<Verb, number>>;

/** `list` reads no bodies of blobs, and lists what is there: an image that lacks a blob is a row that says so. */
const unread: Exceptions = { list: 0 };
/** One blob less is a smaller archive, which a destination may complete: list only says so. */
const lacking: Exceptions = { list: 0 };

let world: World;
let good: Buffer;
let entries: Found[];
let written = 0;

beforeAll(async () => {
  world = await openWorld();
  const image = plainImage("same-verdict", [5000, 70_000]);
  await pushArtifact(world.low.origin, "library/image", image, "v1");
  await Bun.write(world.dir.file("list"), "low.test/library/image:v1\n");
  await Bun.write(world.dir.file("map.csv"), "low.test/,high.test/placed/\n");
  for (const step of [
    ["gather", world.dir.file("list"), "low.test/all:1"],
    ["serialize", "low.test/all:1", world.dir.file("good.tar")],
  ])
    expect(await world.run(["mirror", ...step])).toMatchObject({ code: 0 });
  good = readFileSync(world.dir.file("good.tar"));
  entries = walkTar(good).entries;
});
afterAll(() => world[Symbol.asyncDispose]());

const files = (): TarFile[] =>
  entries.filter(({ size }) => size > 0).map(({ name, body }) => ({ name, bytes: new Uint8Array(body!) }));
const blobs = () => entries.filter(({ name }) => /^blobs\/sha256\/./.test(name));
const isManifest = ({ body }: Found) => body!.toString().startsWith("{") && body!.includes('"schemaVersion"');
const manifests = () => blobs().filter(isManifest);
const layers = () => blobs().filter((entry) => entry.size >= 5000);
const digestIn = ({ name }: { name: string }) => name.replace("blobs/sha256/", "sha256:") as Digest;
const without = (gone: { name: string }) => files().filter(({ name }) => name !== gone.name);
const flipped = (at: number): Buffer => {
  const copy = Buffer.from(good);
  copy[at] = 255 - copy[at]!;
  return copy;
};
/** The archive with the text of a file in it changed: the first one of that name, the last one, or both. */
const changed = (name: string, change: (text: string) => string, which: "first" | "last" | "both") => {
  const all = files();
  const places = all.flatMap((file, at) => (file.name === name ? [at] : []));
  const chosen = which === "both" ? places : [which === "first" ? places[0]! : places.at(-1)!];
  return tarOf(
    all.map((file, at) =>
      chosen.includes(at) ? { name, bytes: Buffer.from(change(Buffer.from(file.bytes).toString())) } : file,
    ),
  );
};
/** The same header with another size in it. */
const sized = (entry: Found, size: number): Buffer => {
  const copy = Buffer.from(good);
  const header = copy.subarray(entry.bodyOffset - 512, entry.bodyOffset);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return copy;
};
/** The archive with the image's manifest replaced by other bytes, and every digest above it made right. */
const withManifest = (change: (text: string) => string): Uint8Array => {
  const [root, image] = manifests() as [Found, Found];
  const bytes = Buffer.from(change(image.body!.toString()));
  const rootText = root.body!.toString();
  const newRoot = Buffer.from(
    rootText
      .replace(digestIn(image), digestOf(bytes))
      .replace(`"size":${image.size}`, `"size":${bytes.length}`)
      .replace(`"size": ${image.size}`, `"size": ${bytes.length}`),
  );
  return tarOf(
    files().map(({ name, bytes: old }) => {
      if (name === root.name) return { name: blobEntryName(digestOf(newRoot)), bytes: newRoot };
      if (name === image.name) return { name: blobEntryName(digestOf(bytes)), bytes };
      if (name !== "index.json") return { name, bytes: old };
      const text = Buffer.from(old)
        .toString()
        .replace(digestIn(root), digestOf(newRoot))
        .replace(`"size": ${root.size}`, `"size": ${newRoot.length}`)
        .replace(digestIn(image), digestOf(bytes))
        .replace(`"size": ${image.size}`, `"size": ${bytes.length}`);
      return { name, bytes: Buffer.from(text) };
    }),
  );
};

const table: [name: string, code: number, make: () => Uint8Array, exceptions?: Exceptions][] = [
  ["a good one", 0, () => good],
  ["one in gzip", 0, () => gzipSync(good)],
  ["one in zstd", 0, () => zstdCompressSync(good)],
  ["one with half its end marker", 0, () => good.subarray(0, entries.at(-1)!.end + 512)],
  ["one with zeros behind its end", 0, () => Buffer.concat([good, Buffer.alloc(20_000)])],
  [
    "one of foreign order",
    0,
    () => tarOf([files()[0]!, ...files().slice(2).reverse()].filter(({ bytes }) => bytes.length > 0)),
  ],
  ["one whose blobs come before its only index.json", 0, () => tarOf([...files().slice(2), files()[0]!])],
  [
    "one with a blob that nothing names, and a README",
    0,
    () => {
      const stray = layerOf("stray");
      const name = blobEntryName(stray.descriptor.digest);
      return tarOf([
        ...files(),
        { name, bytes: stray.bytes },
        { name: "README", bytes: Buffer.from("hello") },
      ]);
    },
  ],
  ["one without its last index.json", 0, () => tarOf(files().slice(0, -1))],

  ["nothing", 6, () => new Uint8Array(0)],
  ["text", 6, () => Buffer.from("this is no archive\n".repeat(100))],
  ["zeros", 6, () => Buffer.alloc(20_480)],
  ["one cut in a layer", 6, () => good.subarray(0, layers()[0]!.bodyOffset + 1000)],
  ["one cut in a header", 6, () => good.subarray(0, layers()[1]!.bodyOffset - 100)],
  ["one cut behind a layer", 6, () => good.subarray(0, layers()[0]!.end)],
  ["one cut in a manifest", 6, () => good.subarray(0, manifests()[1]!.bodyOffset + 100)],
  ["one without its end marker", 6, () => good.subarray(0, entries.at(-1)!.end)],
  ["one in gzip that is cut", 6, () => gzipSync(good).subarray(0, -3000)],
  ["one in zstd that is cut", 6, () => zstdCompressSync(good).subarray(0, -3000)],
  [
    "one in gzip with wrong bytes in the middle",
    6,
    () => {
      const packed = gzipSync(good);
      packed.fill(0xff, packed.length >> 1, (packed.length >> 1) + 100);
      return packed;
    },
  ],
  ["one without a layer", 6, () => tarOf(without(layers()[0]!)), lacking],
  ["one without the image's manifest", 6, () => tarOf(without(manifests()[1]!)), lacking],
  ["one without the root", 6, () => tarOf(without(manifests()[0]!)), lacking],
  ["a wrong byte in a layer", 6, () => flipped(layers()[1]!.bodyOffset + 100), unread],
  ["a wrong byte in a manifest", 6, () => flipped(manifests()[1]!.bodyOffset + 100)],
  ["a wrong byte in the root", 6, () => flipped(manifests()[0]!.bodyOffset + 100)],
  ["a wrong byte in a header", 6, () => flipped(layers()[1]!.bodyOffset - 500)],
  [
    "a wrong byte in a packed archive's layer",
    6,
    () => gzipSync(flipped(layers()[1]!.bodyOffset + 100)),
    unread,
  ],
  ["a layer twice", 6, () => tarOf([...files(), files().find(({ name }) => name === layers()[0]!.name)!])],
  [
    "a layer twice, with other bytes the second time",
    6,
    () => tarOf([...files(), { name: layers()[0]!.name, bytes: Buffer.from("other") }]),
  ],
  ["a third index.json", 6, () => tarOf([...files(), files().at(-1)!])],
  ["oci-layout twice", 6, () => tarOf([...files(), files()[0]!])],
  ["no index.json", 6, () => tarOf(files().filter(({ name }) => name !== "index.json"))],
  ["no oci-layout", 6, () => tarOf(files().slice(1))],
  [
    "an oci-layout of another version",
    6,
    () => changed("oci-layout", (text) => text.replace("1.0", "2.0"), "first"),
  ],
  ["a first index.json that is no JSON", 6, () => changed("index.json", (text) => text.slice(1), "first")],
  [
    "a last index.json that is no JSON",
    6,
    () => changed("index.json", (text) => text.slice(1), "last"),
    unread,
  ],
  [
    "a last index.json with another root",
    6,
    () => {
      const [root, image] = manifests() as [Found, Found];
      return changed(
        "index.json",
        (text) =>
          text
            .replace(digestIn(image), "X")
            .replace(digestIn(root), digestIn(image))
            .replace("X", digestIn(root)),
        "last",
      );
    },
    unread,
  ],
  [
    "a last index.json that leaves a manifest out",
    6,
    () => changed("index.json", () => Buffer.from(files()[1]!.bytes).toString(), "last"),
    unread,
  ],
  [
    "a last index.json that names what is nowhere",
    6,
    () =>
      changed(
        "index.json",
        (text) => text.replaceAll(digestIn(manifests()[1]!), digestOf(Buffer.from("nowhere"))),
        "last",
      ),
    unread,
  ],
  [
    "an index.json that says another size of the root",
    6,
    () =>
      changed(
        "index.json",
        (text) => text.replace(`"size": ${manifests()[0]!.size}`, `"size": ${manifests()[0]!.size + 1}`),
        "both",
      ),
    lacking,
  ],
  ["a manifest that is no JSON", 6, () => withManifest((text) => text.slice(0, -2))],
  [
    "a manifest that says another size of a layer",
    6,
    () => withManifest((text) => text.replace("70000", "70001")),
    unread,
  ],
  [
    "a manifest of an unknown type",
    6,
    () => withManifest((text) => text.replace("vnd.oci.image.manifest", "vnd.oci.image.manifesto")),
  ],
  ["a header that claims less than the layer has", 6, () => sized(layers()[1]!, 69_000)],
  ["a header that claims more than the archive has", 6, () => sized(layers()[1]!, 7_000_000)],
  ["a second archive behind it", 6, () => Buffer.concat([good, good])],
  ["text behind it", 6, () => Buffer.concat([good, Buffer.from("text")])],
  [
    "two blocks of zeros in its middle",
    6,
    () => {
      const at = layers()[0]!.end;
      return Buffer.concat([good.subarray(0, at), Buffer.alloc(1024), good.subarray(at)]);
    },
  ],
  [
    "one block of zeros in its middle",
    6,
    () => {
      const at = layers()[0]!.end;
      return Buffer.concat([good.subarray(0, at), Buffer.alloc(512), good.subarray(at)]);
    },
  ],
  [
    "a name that leads out of it",
    6,
    () => tarOf([...files(), { name: "../../etc/passwd", bytes: Buffer.from("x") }]),
  ],
  [
    "a blob whose name is no digest",
    6,
    () => tarOf([...files(), { name: "blobs/sha256/abc", bytes: Buffer.from("x") }]),
  ],
];

/** Asks every verb, each with a repository and a place of its own. */
async function verdicts(path: string): Promise<Record<Verb, { code: number; stderr: string }>> {
  const to = `high.test/own${++written}`;
  const mapper = `go-template=${world.dir.file(`map-${written}`)}`;
  await Bun.write(world.dir.file(`map-${written}`), `${to}/image:v1`);
  const commands: Record<Verb, string[]> = {
    verify: ["verify", path],
    list: ["list", path],
    "deserialize --dry-run": ["deserialize", "--dry-run", path, `${to}/dry:1`],
    deserialize: ["deserialize", path, `${to}/all:1`],
    "unarchive --dry-run": ["unarchive", "--dry-run", path, mapper],
    unarchive: ["unarchive", path, mapper],
  };
  const said = {} as Record<Verb, { code: number; stderr: string }>;
  for (const verb of verbs) {
    // What passes only once is kept there by unarchive.
    const env = { ACE_DT_CACHE_PATH: world.dir.file("store") };
    const { code, stderr } = await world.run(["mirror", ...commands[verb], "-q"], { env });
    said[verb] = { code, stderr };
    expect(stderr).not.toMatch(/^ +at /m);
  }
  return said;
}

function expectVerdicts(
  said: Record<Verb, { code: number; stderr: string }>,
  code: number,
  exceptions: Exceptions = {},
): void {
  const wanted = Object.fromEntries(verbs.map((verb) => [verb, exceptions[verb] ?? code]));
  const got = Object.fromEntries(verbs.map((verb) => [verb, said[verb].code]));
  const words = Object.entries(said).map(([verb, { stderr }]) => `${verb}: ${stderr}`);
  expect({ got, words }).toMatchObject({ got: wanted });
}

describe("every verb says the same of", () => {
  for (const [name, code, make, exceptions] of table) {
    test(name, async () => {
      const path = world.dir.file(`case-${++written}.tar`);
      await Bun.write(path, make());
      expectVerdicts(await verdicts(path), code, exceptions);
    });
  }

  test("an archive in volumes", async () => {
    const path = world.dir.file("volumes.tar");
    cutVolumes(path, good, { cuts: [10_000, 50_000] });
    expectVerdicts(await verdicts(path), 0);
  });

  test("an archive in volumes, one of which has a wrong byte", async () => {
    const path = world.dir.file("wrong-volumes.tar");
    cutVolumes(path, flipped(layers()[1]!.bodyOffset + 100), { cuts: [10_000, 50_000] });
    expectVerdicts(await verdicts(path), 6, unread);
  });

  test("an archive in volumes, the last of which is not there", async () => {
    const path = world.dir.file("fewer-volumes.tar");
    cutVolumes(path, good.subarray(0, 50_000), { cuts: [10_000], bare: true });
    expectVerdicts(await verdicts(path), 6);
  });
});
