/** How much memory this process may have: the machine's, or what a limit leaves of it. */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { systemCodeOf } from "../errors.ts";

/** The smallest of all limits. */
export interface MemoryLimit {
  bytes: number;
  /** Which one it is, and how much: `this machine has 123 bytes of memory`. */
  text: string;
}

/**
 * Looks at what the machine has, at the limits of the process (proc_pid_limits(5): RLIMIT_AS and RLIMIT_DATA, which shells call
 * `ulimit -v` and `ulimit -d`), and at those of its control groups (the kernel's admin-guide/cgroup-v2, "memory.max", and for the
 * first version cgroup-v1/memory, "memory.limit_in_bytes"). What cannot be read sets no limit.
 */
export function memoryLimit(): MemoryLimit {
  const machine = totalmem();
  const limits = [
    { bytes: machine, text: `this machine has ${machine} bytes of memory` },
    ...processLimits(),
    ...groupLimits(),
  ];
  return limits.reduce((least, each) => (each.bytes < least.bytes ? each : least));
}

function processLimits(): MemoryLimit[] {
  const text = readText("/proc/self/limits");
  return [
    { row: "Max address space", says: (bytes: number) => `ulimit -v allows ${bytes} bytes of address space` },
    { row: "Max data size", says: (bytes: number) => `ulimit -d allows ${bytes} bytes of data` },
  ].flatMap(({ row, says }) => {
    const soft = new RegExp(`^${row} +(\\d+) `, "m").exec(text)?.[1];
    return soft === undefined ? [] : [{ bytes: Number(soft), text: says(Number(soft)) }];
  });
}

/** A group counts as well as all groups that it is in. */
function groupLimits(): MemoryLimit[] {
  return readText("/proc/self/cgroup")
    .split("\n")
    .flatMap((line) => {
      const [, controllers = "", path] = line.split(":");
      if (path === undefined) return [];
      if (controllers === "") return limitsUp("/sys/fs/cgroup", path, "memory.max");
      const isMemory = controllers.split(",").includes("memory");
      return isMemory ? limitsUp("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes") : [];
    });
}

function limitsUp(root: string, path: string, file: string): MemoryLimit[] {
  const names = path.split("/").filter((name) => name !== "");
  return Array.from({ length: names.length + 1 }, (_, depth) => {
    const text = readText(join(root, ...names.slice(0, depth), file)).trim();
    return /^\d+$/.test(text)
      ? [{ bytes: Number(text), text: `the control group's ${file} is ${text} bytes` }]
      : [];
  }).flat();
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return "";
  }
}
