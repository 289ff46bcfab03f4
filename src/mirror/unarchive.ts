/** `mirror unarchive`: the images of an archive to the places a mapper names, with no repository in the middle. */

import { readingChange } from "../archive/media/reading-change.ts";
import type { ArchiveImages } from "../archive/read/archive-images.ts";
import { ArchiveParts } from "../archive/read/archive-parts.ts";
import type { ReadingOptions } from "../archive/read/archive-source.ts";
import { type ImagesRead, readImages } from "../archive/read/read-images.ts";
import { ArchiveSender } from "../copy/archive-sender.ts";
import { type CheckResult, checkRoutes } from "../copy/check-routes.ts";
import { type DistributeOptions, distribute, rehearse } from "../copy/distribute.ts";
import {
  planScatter,
  type ScatterPlan,
  type ScatterRules,
  tellUnmatched,
  throwRefusals,
} from "../copy/plan-scatter.ts";
import { salvageRoutes } from "../copy/salvage-routes.ts";
import { AceError } from "../errors.ts";
import type { IndexJson } from "../format/layout-json.ts";
import { entriesOf } from "../gather/gathered-entries.ts";
import { isGather } from "../gather/gathered-images.ts";
import type { GatherEntry } from "../gather/resolve-source.ts";
import { readSources } from "../lists/read-sources.ts";
import { parseSelectors } from "../lists/selector.ts";
import { parseMapper } from "../mapping/parse-mapper.ts";
import { refName } from "../oci/annotations.ts";
import { parseManifest } from "../oci/manifest.ts";
import { type RunContext, stoppedError } from "../run/run.ts";
import type { RunSummary } from "../ui/summary.ts";

export interface UnarchiveOptions extends ReadingOptions {
  /** A path, or `-` for standard input. */
  source: string;
  /** More of the same archive, in any order. */
  parts: readonly string[];
  /** `MAP-TYPE=MAP-ARG`. */
  mapper: string;
  /** What the archive's index should be called; undefined does not care. */
  tag: string | undefined;
  selectors: string[];
  /** A source list: only these. */
  subset?: string;
  /** Hash everything, look at both ends, push nothing. */
  dryRun: boolean;
  strict: boolean;
  recursive: boolean;
}

/** What would go where, and how much of it would move; pushes nothing. @throws AceError when it cannot begin */
export async function checkUnarchive(options: UnarchiveOptions, run: RunContext): Promise<CheckResult> {
  const { plan, result } = await readPlanned(options, true, run);
  if (result.cut !== undefined) throw result.cut;
  const archive = new ArchiveSender(result.images, run);
  return checkRoutes(plan, [], { verb: "unarchive", recursive: options.recursive, archive }, run);
}

/**
 * Sends every image to all its places. A plain file is read by position, each blob once for each registry that needs it;
 * anything else passes once, into the local store, and is read there.
 * @throws AceError `partial` with the list of failures when some images are done; the first failure when none is, or when the
 *   archive is damaged: then nothing is tagged
 */
export async function unarchive(options: UnarchiveOptions, run: RunContext): Promise<RunSummary> {
  const startedMs = performance.now();
  const { plan, result } = await readPlanned(options, false, run);
  const { images, cut } = result;
  const { recursive } = options;
  const archive = new ArchiveSender(images, run);
  if (cut !== undefined) throw await salvageRoutes(plan.routes, images, archive, cut, run);
  const how: DistributeOptions = { verb: "unarchive", recursive, keepGoing: true, failures: [], archive };
  if (!options.dryRun) return distribute(plan.routes, how, run);
  run.status.phase = "looking at destinations";
  const done = await rehearse(plan.routes, how, run);
  return {
    verb: "unarchive (dry run)",
    images: done,
    blobs: result.blobs,
    bytesMoved: result.bytes,
    blobsSkipped: 0,
    bytesSkipped: 0,
    blobsMounted: 0,
    bytesMounted: 0,
    seconds: (performance.now() - startedMs) / 1000,
  };
}

/** Reads the archive. What the mapper cannot do is said before the bulk of it has passed. */
async function readPlanned(
  options: UnarchiveOptions,
  isCheck: boolean,
  run: RunContext,
): Promise<{ plan: ScatterPlan; result: ImagesRead }> {
  const rules = await readRules(options);
  const { status, signal, ui } = run;
  const parts = new ArchiveParts([options.source, ...options.parts], {
    ...options,
    policy: options.strict ? "strict" : "lenient",
    change: readingChange(options.volumeChange, run),
    log: (level, text) => ui.log(level, text),
  });
  const { name } = parts.source;
  const stop = () => parts.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    run.pool.warmUp();
    status.phase = "reading the archive";
    status.windowFill = () => parts.source.windowFill();
    status.bytesMoved = () => (parts.source.seekable ? run.pool.movedBytes : parts.source.position());
    const openStore = () => {
      const store = run.store.need(`unarchive ${name}, which passes only once`);
      ui.log("info", `${name} can be read only once: its blobs are kept in ${store.directory}`);
      return store;
    };
    let plan: ScatterPlan | undefined;
    const result = await readImages(
      parts,
      {
        strict: options.strict,
        verify: options.dryRun,
        openStore: isCheck || options.dryRun ? undefined : openStore,
        onRoot: (images, index) => {
          plan = planScatter(entriesIn(images, index, options, run), rules);
          if (!isCheck) throwRefusals(plan.refused, "unarchive");
        },
      },
      run,
    );
    if (plan === undefined) throw new AceError("internal", "Cannot plan: the archive has no root");
    tellUnmatched(plan, run);
    for (const absent of plan.absent) ui.log("warn", `${name} has no ${absent}, which the subset names`);
    return { plan, result };
  } catch (error) {
    throw signal.aborted ? stoppedError(signal) : error;
  } finally {
    signal.removeEventListener("abort", stop);
    parts.close();
  }
}

async function readRules({ mapper, selectors, subset }: UnarchiveOptions): Promise<ScatterRules> {
  const [parsed, sources] = await Promise.all([
    parseMapper(mapper),
    subset === undefined ? undefined : readSources(subset),
  ]);
  return {
    mapper: parsed,
    selector: parseSelectors(selectors),
    subset: sources === undefined ? undefined : new Set(sources.map(({ reference }) => reference)),
  };
}

/** What the archive's index gathers. Plain images stand for themselves, under the names that index.json gives to them. */
function entriesIn(
  images: ArchiveImages,
  { root, manifests }: IndexJson,
  { tag }: UnarchiveOptions,
  run: RunContext,
): GatherEntry[] {
  const called = manifests.filter(({ annotations }) => annotations?.[refName] === tag);
  if (tag !== undefined && called.length === 0)
    run.ui.log("warn", `nothing in ${images.name} is called ${tag}: taking all of it`);
  const isGathered = isGather(parseManifest(images.manifest(root).bytes, root.mediaType, images.name));
  const roots = called.length > 0 ? called : isGathered ? [root] : manifests;
  return roots.flatMap((each) => {
    const name = each.annotations?.[refName] ?? tag ?? each.digest;
    return entriesOf(images.manifest(each), name, { repository: images, graph: images });
  });
}
