/** SBOMs and signatures travel with -r the whole way, whether a registry has the referrers API or the fallback tag. */
import { describe, expect, setDefaultTimeout } from "bun:test";
import { ociImageIndex } from "../../src/oci/media-types.ts";
import { attachmentOf, imageOf, jsonContent, multiArchOf, sbomOf } from "../support/images.ts";
import { testNeeding } from "../support/needs.ts";
import { childrenOf, fetchManifest, pushArtifact, putManifest, walkImage } from "../support/push.ts";
import {
  dockerRegistry,
  embeddedRegistry,
  type RegistryKind,
  type RunningRegistry,
} from "../support/registries.ts";
import { runOk, writeConfig } from "../support/run-binary.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

setDefaultTimeout(60_000);

const image = imageOf({ seed: "referred" });
const sbom = sbomOf(image);
/** Refers to what refers. */
const signature = attachmentOf("application/vnd.example.signature", Buffer.from("signed"), {
  subject: sbom.root,
});
const multi = multiArchOf("referred/multi");
const [firstPlatform] = multi.manifests;
if (firstPlatform === undefined) throw new Error("a multi-arch image has platforms");
const platformNote = attachmentOf("application/vnd.example.note", Buffer.from("note"), {
  subject: firstPlatform.descriptor,
});
/** What refers to what, in which repository. */
const referrals = [
  { repository: "library/tool", subject: image.root.digest, referrer: sbom },
  { repository: "library/tool", subject: sbom.root.digest, referrer: signature },
  { repository: "library/multi", subject: firstPlatform.descriptor.digest, referrer: platformNote },
];

function fallbackTag(digest: string): string {
  return digest.replace(":", "-");
}

/** Digests of what a registry says refers to a manifest (distribution-spec "Listing Referrers", and "Backwards Compatibility"). */
async function referrersOf(
  kind: RegistryKind,
  origin: string,
  repository: string,
  digest: string,
): Promise<string[]> {
  if (kind === embeddedRegistry) {
    const response = await fetch(`${origin}/v2/${repository}/referrers/${digest}`);
    return childrenOf(await response.bytes()).map((descriptor) => descriptor.digest);
  }
  return childrenOf((await fetchManifest(origin, repository, fallbackTag(digest))).bytes).map(
    (descriptor) => descriptor.digest,
  );
}

/** Pushes what refers, and, as a client must at a registry without the API, the fallback tag. */
async function pushReferrals(kind: RegistryKind, origin: string): Promise<void> {
  for (const { repository, subject, referrer } of referrals) {
    await pushArtifact(origin, repository, referrer);
    if (kind === embeddedRegistry) continue;
    const manifests = [{ ...referrer.root, artifactType: "application/vnd.example" }];
    const index = jsonContent(ociImageIndex, { schemaVersion: 2, mediaType: ociImageIndex, manifests });
    await putManifest(origin, repository, index, fallbackTag(subject));
  }
}

async function carry(
  low: RunningRegistry,
  high: RunningRegistry,
  dir: TempDir,
  recursive: boolean,
): Promise<void> {
  const config = await writeConfig(dir.file("config.yaml"), {
    "reg.example.com": low.origin,
    "reg.high.example.com": high.origin,
  });
  await Bun.write(
    dir.file("sources.list"),
    "reg.example.com/library/tool:v1\nreg.example.com/library/multi:v2\n",
  );
  const flags = recursive ? ["-r"] : [];
  const mirror = (...args: string[]) =>
    runOk(["mirror", ...args, ...flags], { env: { ACE_DT_CONFIG: config }, cwd: dir.path });
  await mirror("gather", "sources.list", "reg.example.com/gather:sync-1");
  await mirror("serialize", "reg.example.com/gather:sync-1", "sync-1.tar");
  await mirror("deserialize", "sync-1.tar", "reg.high.example.com/scatter:sync-1", "--strict");
  await mirror("scatter", "reg.high.example.com/scatter:sync-1", "nest=reg.high.example.com/mirror");
}

const pairs = [
  [embeddedRegistry, embeddedRegistry],
  [dockerRegistry, embeddedRegistry],
  [embeddedRegistry, dockerRegistry],
  [dockerRegistry, dockerRegistry],
] as const;

describe("with -r", () => {
  for (const [lowKind, highKind] of pairs) {
    testNeeding(
      [lowKind.need, highKind.need],
      `referrers go from ${lowKind.name} to ${highKind.name}`,
      async () => {
        await using low = await lowKind.start();
        await using high = await highKind.start();
        await using dir = await tempDir();
        await pushArtifact(low.origin, "library/tool", image, "v1");
        await pushArtifact(low.origin, "library/multi", multi, "v2");
        await pushReferrals(lowKind, low.origin);
        await carry(low, high, dir, true);
        for (const { repository, subject, referrer } of referrals) {
          for (const [kind, origin, name] of [
            [lowKind, low.origin, "gather"],
            [highKind, high.origin, "scatter"],
            [highKind, high.origin, `mirror/reg.example.com/${repository}`],
          ] as const) {
            const found = await referrersOf(kind, origin, name, subject);
            expect([name, subject, found]).toEqual([name, subject, [referrer.root.digest]]);
            const walked = await walkImage(origin, name, referrer.root.digest);
            expect(walked.digests.size).toBe(referrer.manifests.length + referrer.blobs.length);
          }
        }
      },
    );
  }
});

describe("without -r", () => {
  testNeeding([], "referrers stay where they are", async () => {
    await using low = await embeddedRegistry.start();
    await using high = await embeddedRegistry.start();
    await using dir = await tempDir();
    await pushArtifact(low.origin, "library/tool", image, "v1");
    await pushArtifact(low.origin, "library/multi", multi, "v2");
    await pushReferrals(embeddedRegistry, low.origin);
    await carry(low, high, dir, false);
    expect(await referrersOf(embeddedRegistry, high.origin, "scatter", image.root.digest)).toEqual([]);
    await walkImage(high.origin, "mirror/reg.example.com/library/tool", "v1");
  });
});
