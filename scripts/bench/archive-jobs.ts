/** `archive`: what it takes without a repository in the middle, and what the local store costs and saves. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Job } from "./job.ts";
import { type ImageSet, layerBytesOf, type World } from "./world.ts";

function archive(
  set: ImageSet,
  door: "" | "-lat" | "-slow",
  out: (world: World, round: string) => string,
): Job {
  return {
    name: `archive-${set}${door}`,
    sets: [set],
    bytes: layerBytesOf(set),
    command: (world, round) => ["ace-dt", "mirror", "archive", world.list(set, door), out(world, round)],
  };
}

const toNull = () => "/dev/null";

/** A file that goes with its round. */
function toFile(job: (out: (world: World, round: string) => string) => Job): Job {
  const out = (world: World, round: string) => join(world.directory, "out", `${round}.tar`);
  const made = job(out);
  return {
    ...made,
    name: `${made.name}-file`,
    clean: (world, round) => rm(out(world, round), { force: true }),
  };
}

/** The same with a store that is empty at the beginning of each round, and with one that has everything. */
function withStore(job: Job): Job[] {
  const fresh = (world: World, round: string) => join(world.directory, "out", `${round}-store`);
  const full = (world: World) => join(world.directory, "out", `${job.name}-store`);
  return [
    job,
    {
      ...job,
      name: `${job.name}-fill`,
      env: (world, round) => ({ ACE_DT_CACHE_PATH: fresh(world, round) }),
      clean: (world, round) => rm(fresh(world, round), { recursive: true, force: true }),
    },
    {
      ...job,
      name: `${job.name}-filled`,
      warm: true,
      env: (world) => ({ ACE_DT_CACHE_PATH: full(world) }),
    },
  ];
}

/** In the order in which they run. */
export const archiveJobs: readonly Job[] = [
  toFile((out) => archive("big", "", out)),
  ...withStore(archive("big", "", toNull)),
  ...withStore(archive("big", "-slow", toNull)),
  ...withStore(archive("small", "", toNull)),
  ...withStore(archive("small", "-lat", toNull)),
];
