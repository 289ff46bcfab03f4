/** Runs the compiled program as a user does: another process, an environment of its own, signals from outside. */
import { defaultOutfile, ensureBinary } from "../../scripts/build-binary.ts";

/** When to send a signal. */
export interface SignalPlan {
  signal: NodeJS.Signals;
  /** Milliseconds after the start, or after `when` matched (0). */
  afterMs?: number;
  /** Wait until stderr matches. */
  when?: RegExp;
}

/** How to run. */
export interface RunOptions {
  /** Added to PATH and an empty HOME; `undefined` takes one of them away. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  stdin?: Uint8Array | Blob | ReadableStream<Uint8Array>;
  signal?: SignalPlan;
  /** The child is killed after this long, and the test fails (60 s). */
  timeoutMs?: number;
  /** Put in front of the binary: `strace`, `unshare`, a shell with `ulimit`. */
  wrapper?: readonly string[];
}

/** How it went. */
export interface RunResult {
  /** Exit code; for a death by signal 128 + its number, as a shell says it. */
  code: number;
  /** The signal that killed it, if one did. */
  signal: NodeJS.Signals | undefined;
  stdout: string;
  stdoutBytes: Uint8Array;
  stderr: string;
  /** Wall time, milliseconds. */
  ms: number;
  /** Processor time of all its threads, milliseconds: what a busy machine changes least. */
  cpuMs: number;
}

/** The binary under test: ACE_DT_TEST_BINARY, else dist/ace-dt. */
export function binaryPath(): string {
  return process.env.ACE_DT_TEST_BINARY ?? defaultOutfile;
}

let ready: Promise<unknown> | undefined;

/** Builds dist/ace-dt when it is older than its sources; once in a process, never when the gate named a binary. */
export async function prepareBinary(): Promise<void> {
  ready ??= process.env.ACE_DT_TEST_BINARY === undefined ? ensureBinary() : Promise.resolve();
  await ready;
}

/** Runs `ace-dt ARGS` to its end, whatever the end is. */
export async function runBinary(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  await prepareBinary();
  return await runCommandLine([...(options.wrapper ?? []), binaryPath(), ...args], options);
}

/** Runs any command in the same way. */
export async function runCommandLine(
  command: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const started = performance.now();
  const child = Bun.spawn([...command], {
    cwd: options.cwd ?? "/",
    env: { PATH: process.env.PATH, HOME: "/nonexistent", ...options.env },
    stdin: options.stdin ?? "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const timeoutMs = options.timeoutMs ?? 60_000;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  const [stdoutBytes, stderr] = await Promise.all([
    new Response(child.stdout).bytes(),
    readWatching(child.stderr, options.signal, (signal) => child.kill(signal)),
  ]);
  const code = await child.exited; // 128 + n for a signal, as a shell says it
  clearTimeout(timer);
  const cpuMs = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1000;
  const stdout = new TextDecoder().decode(stdoutBytes);
  if (late) throw new Error(`${command.join(" ")} ran longer than ${timeoutMs} ms:\n${stdout}\n${stderr}`);
  const signal = typeof child.signalCode === "string" ? child.signalCode : undefined;
  return { code, signal, stdout, stdoutBytes, stderr, ms: performance.now() - started, cpuMs };
}

/**
 * Like {@link runBinary}, for runs that must succeed.
 * @throws Error with everything it printed when the exit code is not 0
 */
export async function runOk(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await runBinary(args, options);
  if (result.code === 0) return result;
  throw new Error(`ace-dt ${args.join(" ")} ended with ${result.code}:\n${result.stdout}\n${result.stderr}`);
}

async function readWatching(
  stream: ReadableStream<Uint8Array>,
  plan: SignalPlan | undefined,
  send: (signal: NodeJS.Signals) => void,
): Promise<string> {
  let planned = plan;
  const fire = () => {
    if (planned === undefined) return;
    const { signal, afterMs = 0 } = planned;
    planned = undefined;
    setTimeout(() => send(signal), afterMs);
  };
  if (plan !== undefined && plan.when === undefined) fire();
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    if (planned?.when?.test(text)) fire();
  }
  return text;
}

/**
 * Writes a configuration file that maps registries to endpoints.
 * @param registries registry as references spell it to `http://...`
 * @param more further lines of YAML, on the top level
 * @returns the path, for `--config` or ACE_DT_CONFIG
 */
export async function writeConfig(
  path: string,
  registries: Readonly<Record<string, string>>,
  more = "",
): Promise<string> {
  const entries = Object.entries(registries).map(
    ([registry, endpoint]) =>
      `    ${JSON.stringify(registry)}:\n      endpoints: [${JSON.stringify(endpoint)}]\n`,
  );
  await Bun.write(
    path,
    `apiVersion: config.dt.act3-ace.io/v1alpha1
kind: Configuration
cachePath: ""
registryConfig:
  registries:
${entries.join("")}${more}`,
  );
  return path;
}
