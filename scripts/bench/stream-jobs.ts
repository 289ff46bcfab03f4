/** What packing and buffering cost, beside the programs that do nothing else. */
import type { Job } from "./job.ts";
import { archiveOf, layerBytesOf } from "./world.ts";

function serializeText(name: string, flags: readonly string[]): Job {
  return {
    name: `serialize-text-${name}`,
    sets: ["text"],
    bytes: layerBytesOf("text"),
    gathered: "text",
    command: () => ["ace-dt", "mirror", "serialize", "low.bench/gathered/text:v1", "/dev/null", ...flags],
  };
}

/** The yardstick: the same tar, from a file that was read before, on the same cores. */
const zstdText: Job = {
  name: "zstd-text",
  sets: ["text"],
  bytes: layerBytesOf("text"),
  gathered: "text",
  serialized: "text",
  command: (world) => ["zstd", "-q", "-f", "-T0", "-3", archiveOf(world, "text"), "-o", "/dev/null"],
};

/** The same yardstick where it has the same to do: it packs what comes from the registry, hashed. CPU seconds are those of both programs. */
const pipedText: Job = {
  name: "serialize-text-into-zstd",
  sets: ["text"],
  bytes: layerBytesOf("text"),
  gathered: "text",
  command: () => [
    ...["sh", "-c", '"$0" mirror serialize low.bench/gathered/text:v1 - -q | zstd -q -f -T0 -3 -o /dev/null'],
    "ace-dt",
  ],
};

/** What is packed already costs hardly more than to copy it. */
const serializePassed: Job = {
  name: "serialize-big-gzip-null",
  sets: ["big"],
  bytes: layerBytesOf("big"),
  gathered: "big",
  command: () => [
    ...["ace-dt", "mirror", "serialize", "low.bench/gathered/big:v1", "/dev/null", "--compression", "gzip"],
  ],
};

function buffer(name: string, command: (path: string) => readonly string[]): Job {
  return {
    name,
    sets: ["big"],
    bytes: layerBytesOf("big"),
    gathered: "big",
    serialized: "big",
    // Standard output is a pipe in this benchmark: the device takes it from the program itself.
    command: (world) => command(archiveOf(world, "big")),
  };
}

/** In the order in which they run: what is compared stands side by side. */
export const streamJobs: readonly Job[] = [
  serializeText("null", []),
  serializeText("zstd-null", ["--compression", "zstd"]),
  pipedText,
  zstdText,
  serializePassed,
  buffer("util-mbuffer", (path) => ["ace-dt", "util", "mbuffer", "-i", path, "-o", "/dev/null"]),
  buffer("mbuffer", (path) => [
    ...["mbuffer", "-q", "-s", "1M", "-m", "128M", "-i", path, "-o", "/dev/null"],
  ]),
];
