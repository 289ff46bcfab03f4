/** What is measured: each job's preparation, its command, and the bytes it moves. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { archiveJobs } from "./archive-jobs.ts";
import type { Job } from "./job.ts";
import type { MadeArchive } from "./make-archive.ts";
import { streamJobs } from "./stream-jobs.ts";
import { archiveOf, type ImageSet, layerBytesOf, type World } from "./world.ts";

function gather(set: ImageSet, door: "" | "-lat"): Job {
  return {
    name: `gather-${set}${door}`,
    sets: [set],
    bytes: layerBytesOf(set),
    command: (world, round) => [
      "ace-dt",
      "mirror",
      "gather",
      world.list(set, door),
      `high.bench/gather/${round}:v1`,
    ],
  };
}

function serialize(set: ImageSet, door: "" | "-lat" | "-slow", target: "null" | "file"): Job {
  const out = (world: World, round: string) => join(world.directory, "out", `${round}.tar`);
  return {
    name: `serialize-${set}${door}-${target}`,
    sets: [set],
    bytes: layerBytesOf(set),
    gathered: set,
    command: (world, round) => [
      ...["ace-dt", "mirror", "serialize", `low${door}.bench/gathered/${set}:v1`],
      target === "null" ? "/dev/null" : out(world, round),
    ],
    clean: (world, round) => rm(out(world, round), { force: true }),
  };
}

function deserialize(set: ImageSet, door: "" | "-lat"): Job {
  return {
    name: `deserialize-${set}${door}`,
    sets: [set],
    bytes: layerBytesOf(set),
    gathered: set,
    serialized: set,
    command: (world, round) => [
      ...[
        "ace-dt",
        "mirror",
        "deserialize",
        archiveOf(world, set),
        `high${door}.bench/deserialized/${round}:v1`,
      ],
    ],
  };
}

function scatter(set: ImageSet, door: "" | "-lat", target: "same" | "other"): Job {
  return {
    name: `scatter-${set}${door}-${target}`,
    sets: [set],
    bytes: layerBytesOf(set),
    gathered: set,
    serialized: set,
    deserialized: set,
    command: (_, round) => [
      ...["ace-dt", "mirror", "scatter", `high${door}.bench/scatter/${set}:v1`],
      `nest=${target === "same" ? `high${door}` : "low"}.bench/${round}`,
    ],
  };
}

/** Nothing is new: what a nightly run costs that has nothing to do. */
const gatherNothing: Job = {
  name: "gather-small-noop",
  sets: ["small"],
  bytes: 0,
  gathered: "small",
  command: (world) => ["ace-dt", "mirror", "gather", world.list("small"), "low.bench/gathered/small:v1"],
};

/** The yardstick for one big layer. */
const skopeoOne: Job = {
  name: "skopeo-one-file",
  sets: ["one"],
  bytes: layerBytesOf("one"),
  command: (world, round) => [
    ...["skopeo", "--insecure-policy", "copy", "-q", "--src-tls-verify=false"],
    `docker://${new URL(world.lowOrigin).host}/src/one0:v1`,
    `oci-archive:${join(world.directory, "out", `${round}.oci.tar`)}`,
  ],
  clean: (world, round) => rm(join(world.directory, "out", `${round}.oci.tar`), { force: true }),
};

/** Hashing alone, on all cores and on one: an archive of 40 layers of 64 MiB. Read it once before, so that no disk is measured. */
const hashed: MadeArchive = { images: 8, layers: 5, layerBytes: 64 * 1024 * 1024 };
const hashedBytes = hashed.images * hashed.layers * hashed.layerBytes;

const verifyHashed: Job = {
  name: "verify",
  sets: [],
  bytes: hashedBytes,
  made: { "made-large.tar": hashed },
  command: (world) => ["ace-dt", "mirror", "verify", join(world.directory, "made-large.tar")],
};

/** The yardstick: verify may take 1.25 times as long, divided by the number of cores. */
const opensslHashed: Job = {
  name: "openssl-dgst",
  sets: [],
  bytes: hashedBytes,
  made: { "made-large.tar": hashed },
  command: (world) => ["openssl", "dgst", "-sha256", join(world.directory, "made-large.tar")],
};

/** 100,002 entries and some. */
const listMade: Job = {
  name: "list",
  sets: [],
  bytes: 0,
  made: { "made-many.tar": { images: 10_000, layers: 8, layerBytes: 1000 } },
  command: (world) => [
    "ace-dt",
    "mirror",
    "list",
    join(world.directory, "made-many.tar"),
    "-o",
    "csv=/dev/null",
  ],
};

const version: Job = { name: "version", sets: [], bytes: 0, command: () => ["ace-dt", "version"] };

/** Every job, in the order in which they run. */
export const jobs: readonly Job[] = [
  version,
  gather("big", ""),
  gather("small", ""),
  gather("small", "-lat"),
  gatherNothing,
  serialize("big", "", "null"),
  serialize("big", "", "file"),
  serialize("one", "", "file"),
  skopeoOne,
  serialize("one", "-slow", "null"),
  serialize("big", "-slow", "null"),
  serialize("small", "", "file"),
  serialize("small", "-lat", "file"),
  deserialize("big", ""),
  deserialize("small", ""),
  deserialize("small", "-lat"),
  scatter("small", "", "same"),
  scatter("small", "", "other"),
  scatter("small", "-lat", "same"),
  scatter("big", "", "same"),
  gather("many", ""),
  serialize("many", "", "null"),
  deserialize("many", ""),
  scatter("many", "", "same"),
  ...archiveJobs,
  ...streamJobs,
  opensslHashed,
  verifyHashed,
  listMade,
];
