/** The benchmark, run by hand: `bun scripts/bench/run.ts --help`. Prints a Markdown table for docs/performance.md. */
import { readFileSync } from "node:fs";
import { access } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { findProgram } from "../../test/support/needs.ts";
import { defaultOutfile, ensureBinary, repositoryRoot } from "../build-binary.ts";
import type { Job } from "./job.ts";
import { jobs } from "./jobs.ts";
import { makeArchive } from "./make-archive.ts";
import { type MeasuredJob, saveMeasurement } from "./measurement.ts";
import { archiveOf, type ImageSet, openWorld, type World } from "./world.ts";

const usage = `usage: bun scripts/bench/run.ts [--jobs NAME,...] [--rounds N] [--in-turn] [--save] [--binary FILE] [--directory DIR]
  --jobs       names or beginnings of names (all)
  --rounds     how often each job runs; the table has medians (3)
  --in-turn    one round of each job after the other: jobs can be compared although the machine's speed drifts
  --save       puts the figures into scripts/bench/measurements, under the commit of the binary
  --binary     the ace-dt to measure (dist/ace-dt, built when it is older than its sources)
  --directory  where the world is kept between runs: 4 GB of images, as much again for archives (.cache/bench)
jobs: ${jobs.map((job) => job.name).join(" ")}`;

/** One run of a command. */
interface Round {
  wallSeconds: number;
  cpuSeconds: number;
  peakMegabytes: number;
}

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "" },
    rounds: { type: "string", default: "3" },
    "in-turn": { type: "boolean", default: false },
    save: { type: "boolean", default: false },
    binary: { type: "string" },
    directory: { type: "string", default: join(repositoryRoot, ".cache", "bench") },
    help: { type: "boolean", short: "h", default: false },
  },
});

/** Runs a command to its end. @throws Error with its output when it fails */
async function measure(
  command: readonly string[],
  world: World,
  binary: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Round> {
  const line = command.map((word) => (word === "ace-dt" ? binary : word));
  const started = performance.now();
  const child = Bun.spawn(line, {
    cwd: world.directory,
    env: { PATH: process.env.PATH, HOME: world.directory, ACE_DT_CONFIG: world.config, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const peak = watchPeak(child.pid);
  const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const code = await child.exited;
  const peakMegabytes = peak();
  const wallSeconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${line.join(" ")} ended with ${code}:\n${said.join("\n")}`);
  const cpuSeconds = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6;
  return { wallSeconds, cpuSeconds, peakMegabytes };
}

/**
 * The peak resident memory of a process, in MB, when the returned function is called. Linux keeps `ru_maxrss` across exec, so that a child's
 * begins with what its parent had; VmHWM of /proc does not, and has to be read while the process lives.
 */
function watchPeak(pid: number): () => number {
  let kilobytes = 0;
  const look = (): void => {
    try {
      kilobytes = Number(
        /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? kilobytes,
      );
    } catch (error) {
      if (!(error instanceof Error && "code" in error && ["ENOENT", "ESRCH"].includes(String(error.code))))
        throw error;
    }
  };
  const timer = setInterval(look, 10);
  return () => {
    clearInterval(timer);
    return (kilobytes * 1024) / 1e6;
  };
}

const prepared = new Set<string>();

/** Brings the world into the state that a job starts from; each state is made once a run. */
async function prepare(job: Job, world: World, binary: string): Promise<void> {
  const once = async (key: string, command: readonly string[]) => {
    if (prepared.has(key)) return;
    await measure(command, world, binary);
    prepared.add(key);
  };
  const { gathered, serialized, deserialized, made } = job;
  for (const [name, options] of Object.entries(made ?? {})) {
    await makeArchive(join(world.directory, name), options);
  }
  const low = (set: ImageSet) => `low.bench/gathered/${set}:v1`;
  if (gathered !== undefined) {
    await once(`gathered ${gathered}`, ["ace-dt", "mirror", "gather", world.list(gathered), low(gathered)]);
  }
  if (serialized !== undefined) {
    const command = [
      "ace-dt",
      "mirror",
      "serialize",
      low(serialized),
      archiveOf(world, serialized),
      "--force",
    ];
    await once(`serialized ${serialized}`, command);
  }
  if (deserialized !== undefined) {
    const target = `high.bench/scatter/${deserialized}:v1`;
    const command = ["ace-dt", "mirror", "deserialize", archiveOf(world, deserialized), target];
    await once(`deserialized ${deserialized}`, command);
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** What the rounds of a job came to. */
function sumUp(name: string, rounds: readonly Round[]): MeasuredJob {
  const walls = rounds.map((round) => round.wallSeconds);
  return {
    job: name,
    wallSeconds: { median: median(walls), least: Math.min(...walls), most: Math.max(...walls) },
    cpuSeconds: median(rounds.map((round) => round.cpuSeconds)),
    peakMegabytes: Math.round(Math.max(...rounds.map((round) => round.peakMegabytes))),
  };
}

/** A row of the table: medians, and the spread of the wall time. */
function row({ job, wallSeconds, cpuSeconds, peakMegabytes }: MeasuredJob, bytes: number): string {
  const { median: wall, least = wall, most = wall } = wallSeconds;
  const gigabytes = bytes / 1e9;
  const cells = [
    job,
    wall.toFixed(2),
    `${least.toFixed(2)}-${most.toFixed(2)}`,
    cpuSeconds.toFixed(2),
    gigabytes > 0.5 ? (cpuSeconds / gigabytes).toFixed(2) : "",
    bytes > 0 ? (bytes / 1e6 / wall).toFixed(0) : "",
    peakMegabytes.toFixed(0),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The commit that a binary says it was built from. @throws Error when it says none */
async function commitOf(binary: string): Promise<string> {
  const said = await new Response(Bun.spawn([binary, "version"]).stdout).text();
  const commit = /\b[0-9a-f]{12}(-dirty)?\b/.exec(said)?.[0];
  if (commit === undefined) throw new Error(`Cannot save figures: ${binary} does not say its commit`);
  return commit;
}

async function main(): Promise<number> {
  const wanted = values.jobs.split(",").filter((name) => name !== "");
  const chosen = jobs.filter(
    (job) => wanted.length === 0 || wanted.some((name) => job.name.startsWith(name)),
  );
  const rounds = Number(values.rounds);
  if (values.help || chosen.length === 0 || !Number.isInteger(rounds) || rounds < 1) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const binary = values.binary === undefined ? defaultOutfile : resolve(values.binary);
  if (values.binary === undefined) await ensureBinary();
  await access(binary);
  await using world = await openWorld(resolve(values.directory), [
    ...new Set(chosen.flatMap((job) => job.sets)),
  ]);
  console.log(
    `${availableParallelism()} processors, ${rounds} rounds; registry and doors on the same machine\n`,
  );
  console.log("| job | wall s | from-to | CPU s | CPU s/GB | MB/s | peak MB |");
  console.log("|---|---|---|---|---|---|---|");
  const runs = chosen.map((job, at) => new JobRun(job, world, binary, `r${process.pid}-${at}`));
  for (const group of values["in-turn"] ? [runs] : runs.map((run) => [run])) {
    for (const run of group) await run.attempt(() => run.prepare());
    for (let round = 0; round < rounds; round++)
      for (const run of group) await run.attempt(() => run.round());
    for (const run of group) run.report();
  }
  if (runs.some((run) => run.failed)) return 1;
  if (values.save) {
    const measured = runs.flatMap((run) => run.figures() ?? []);
    console.log(`\nsaved as ${await saveMeasurement(await commitOf(binary), measured)}`);
  }
  return 0;
}

/** A job on its way; after a failure nothing more of it is done. */
class JobRun {
  readonly #job: Job;
  readonly #world: World;
  readonly #binary: string;
  readonly #key: string;
  readonly #measured: Round[] = [];
  failed = false;

  constructor(job: Job, world: World, binary: string, key: string) {
    this.#job = job;
    this.#world = world;
    this.#binary = binary;
    this.#key = key;
  }

  async attempt(step: () => Promise<void>): Promise<void> {
    if (this.failed) return;
    try {
      await step();
    } catch (error) {
      this.failed = true;
      console.error(error instanceof Error ? error.message : String(error));
    }
  }

  async prepare(): Promise<void> {
    const job = this.#job;
    const program = job.command(this.#world, this.#key)[0] ?? "";
    if (program !== "ace-dt" && findProgram(program) === undefined)
      throw new Error(`${job.name}: no ${program} here`);
    await prepare(job, this.#world, this.#binary);
    if (job.warm) await this.#once(`${this.#key}-warm`);
  }

  async round(): Promise<void> {
    this.#measured.push(await this.#once(`${this.#key}-${this.#measured.length}`));
  }

  /** undefined when it failed. */
  figures(): MeasuredJob | undefined {
    return this.failed ? undefined : sumUp(this.#job.name, this.#measured);
  }

  report(): void {
    const figures = this.figures();
    const { name, bytes } = this.#job;
    console.log(figures === undefined ? `| ${name} | failed | | | | | |` : row(figures, bytes));
  }

  async #once(round: string): Promise<Round> {
    const { command, env, clean } = this.#job;
    const world = this.#world;
    const measured = await measure(command(world, round), world, this.#binary, env?.(world, round));
    await clean?.(world, round);
    return measured;
  }
}

process.exit(await main());
