/** A run of the binary that is watched, and stopped, from outside while it works. */
import { readdir, readFile } from "node:fs/promises";
import { binaryPath } from "../support/run-binary.ts";
import type { World } from "./world.ts";

/** How a stopped run ended. */
export interface Ended {
  code: number;
  stderr: string;
  /** From the signal to the end, in milliseconds; from the start when there was no signal. */
  ms: number;
  /** Processes that the run started and that are still there. */
  left: number[];
}

/** A run that goes on. */
export interface Running {
  child: Bun.Subprocess<"ignore" | "pipe" | number, "ignore" | "pipe" | number, "pipe">;
  /** Sends a signal once and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Ended>;
  /** Waits for the end. */
  ended(): Promise<Ended>;
}

/** How long a run may take to come to a point, and to its end. */
const patienceMs = 30_000;

/** Starts `ace-dt ARGS` in a world. */
export function start(
  world: World,
  args: readonly string[],
  options: {
    stdin?: "ignore" | "pipe" | number;
    stdout?: "ignore" | "pipe" | number;
    wrapper?: readonly string[];
    env?: Readonly<Record<string, string>>;
  } = {},
): Running {
  const mark = `ACE_DT_FAULT_TEST=${crypto.randomUUID()}`;
  const [name = "", value = ""] = mark.split("=");
  const child = Bun.spawn([...(options.wrapper ?? []), binaryPath(), ...args, "--config", world.config], {
    cwd: world.dir.path,
    env: { PATH: process.env.PATH, HOME: "/nonexistent", [name]: value, ...options.env },
    stdin: options.stdin ?? "ignore",
    stdout: options.stdout ?? "ignore",
    stderr: "pipe",
  });
  const stderr = new Response(child.stderr).text();
  let from = performance.now();
  const ended = async (): Promise<Ended> => {
    const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
    const code = await child.exited;
    clearTimeout(timer);
    const ms = performance.now() - from;
    return { code, stderr: await stderr, ms, left: await marked(mark) };
  };
  return {
    child,
    ended,
    stop: (signal) => {
      from = performance.now();
      child.kill(signal);
      return ended();
    },
  };
}

/** Waits until something is so. @throws Error that says what was waited for */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await Bun.sleep(5);
  }
}

/** The processes whose environment holds the mark. Only where there is a /proc. */
async function marked(mark: string): Promise<number[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const held = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
      return environment.split("\0").includes(mark) ? [Number(pid)] : [];
    }),
  );
  return held.flat();
}
