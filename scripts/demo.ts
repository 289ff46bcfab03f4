/** `npm run demo`: the whole way across the air gap on this machine, and a proof that every digest arrived. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { fetchManifest, walkImage } from "../test/support/push.ts";
import { type RunningRegistry, startEmbedded } from "../test/support/registries.ts";
import { binaryPath, runBinary, writeConfig } from "../test/support/run-binary.ts";
import {
  type PlacedArtifact,
  pushPlaced,
  sourcesList,
  standardImages,
} from "../test/support/standard-images.ts";
import { tempDir } from "../test/support/temp-dir.ts";
import { ensureBinary } from "./build-binary.ts";

const low = "reg.example.com";
const high = "reg.high.example.com";
/** Big enough that layers are real work, small enough for a demo of seconds. */
const layerBytes = 2_000_000;

function say(text = ""): void {
  console.log(text);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** Runs one command of the story in `cwd`, with its words shown as a user would type them. */
async function act(cwd: string, ...args: string[]): Promise<void> {
  say(`\n$ ace-dt ${args.join(" ")}`);
  const run = await runBinary(args, { cwd, env: { HOME: cwd } });
  for (const line of `${run.stdout}\n${run.stderr}`.split("\n").filter((text) => text.trim() !== "")) {
    say(`  ${line}`);
  }
  if (run.code !== 0) throw new Error(`ace-dt ${args.join(" ")} ended with exit code ${run.code}`);
  say(`  (${seconds(run.ms)})`);
}

/** The first entries of the archive, as tar sees them; nothing where there is no tar. */
async function showArchive(cwd: string, name: string): Promise<void> {
  if (Bun.which("tar") === null) return;
  const listing = Bun.spawn(["tar", "tvf", name], { cwd, stdout: "pipe", stderr: "inherit" });
  const lines = (await new Response(listing.stdout).text()).trim().split("\n");
  if ((await listing.exited) !== 0) throw new Error(`tar cannot read ${name}`);
  say(`\n$ tar tvf ${name} | head -8`);
  for (const line of lines.slice(0, 8)) say(`  ${line}`);
  say(`  (${lines.length} entries)`);
}

/** Fetches every manifest and blob of an image from the high side and hashes it; the referrers too. */
async function prove(
  registry: RunningRegistry,
  placed: PlacedArtifact,
): Promise<{ digests: number; bytes: number }> {
  const repository = `mirror/${low}/${placed.repository}`;
  const found = await walkImage(registry.origin, repository, placed.tag);
  if (found.root.digest !== placed.artifact.root.digest) {
    throw new Error(
      `${repository}:${placed.tag} is ${found.root.digest}, want ${placed.artifact.root.digest}`,
    );
  }
  const sent = [...placed.artifact.manifests, ...placed.artifact.blobs].map(
    (content) => content.descriptor.digest,
  );
  const missing = sent.filter((digest) => !found.digests.has(digest));
  if (missing.length > 0) throw new Error(`${repository}:${placed.tag} lacks ${missing.join(", ")}`);
  let { bytes } = found;
  const digests = new Set(found.digests);
  for (const referrer of placed.referrers) {
    const list = await fetch(`${registry.origin}/v2/${repository}/referrers/${placed.artifact.root.digest}`);
    if (!(await list.text()).includes(referrer.root.digest)) {
      throw new Error(`${repository}: ${referrer.root.digest} is not among the referrers of ${placed.tag}`);
    }
    const walked = await walkImage(registry.origin, repository, referrer.root.digest);
    for (const digest of walked.digests) digests.add(digest);
    bytes += walked.bytes;
  }
  return { digests: digests.size, bytes };
}

async function demo(open: AsyncDisposableStack): Promise<void> {
  const built = await ensureBinary();
  if (built !== undefined) say(`built ${built.outfile} (ace-dt ${built.version}, ${seconds(built.ms)})`);
  await access(binaryPath());
  const dir = open.use(await tempDir("ace-dt-demo-"));
  const lowSide = open.use(await startEmbedded());
  const highSide = open.use(await startEmbedded());
  say(`low side:  ${low} is ace-dt util registry on ${lowSide.host}`);
  say(`high side: ${high} is ace-dt util registry on ${highSide.host}`);

  const placed = standardImages(layerBytes);
  await pushPlaced(lowSide.origin, placed);
  for (const { repository, tag, kind } of placed) say(`  ${low}/${repository}:${tag}: ${kind}`);
  await Bun.write(join(dir.path, "sources.list"), sourcesList(low, placed));
  await writeConfig(join(dir.path, "ace-dt-config.yaml"), { [low]: lowSide.origin, [high]: highSide.origin });

  await act(dir.path, "mirror", "gather", "sources.list", `${low}/gather:sync-1`, "-r");
  await act(
    dir.path,
    "mirror",
    "serialize",
    `${low}/gather:sync-1`,
    "sync-1.tar",
    "-r",
    "--checkpoint",
    "sync-1.ledger",
  );
  await showArchive(dir.path, "sync-1.tar");
  await lowSide[Symbol.asyncDispose]();
  say(`\n~ the low side is switched off; sync-1.tar is all that crosses the gap ~`);
  await act(dir.path, "mirror", "deserialize", "sync-1.tar", `${high}/scatter:sync-1`);
  await act(dir.path, "mirror", "scatter", `${high}/scatter:sync-1`, `nest=${high}/mirror`, "-r");

  say("\nproof: every manifest and blob is fetched from the high side and hashed");
  let digests = 0;
  let bytes = 0;
  for (const each of placed) {
    const proven = await prove(highSide, each);
    digests += proven.digests;
    bytes += proven.bytes;
    say(`  ok ${high}/mirror/${low}/${each.repository}:${each.tag} (${proven.digests} digests)`);
  }
  const gathered = await fetchManifest(highSide.origin, "scatter", "sync-1");
  say(`  ok ${high}/scatter:sync-1 (${gathered.descriptor.digest})`);
  say(`\n${placed.length} images, ${digests} digests, ${(bytes / 1e6).toFixed(1)} MB: all arrived, all true`);
}

const started = performance.now();
const open = new AsyncDisposableStack();
// Whoever stops the demo must not be left with its registries.
for (const [signal, code] of [["SIGINT", 130] as const, ["SIGTERM", 143] as const]) {
  process.once(signal, () => void open.disposeAsync().finally(() => process.exit(code)));
}
let code = 0;
try {
  await demo(open);
  say(`demo done in ${seconds(performance.now() - started)}`);
} catch (error) {
  say(`\nDEMO FAILED: ${error instanceof Error ? error.message : String(error)}`);
  code = 1;
} finally {
  await open.disposeAsync();
}
process.exit(code);
