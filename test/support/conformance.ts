/** The official conformance suite of the OCI distribution specification, installed with Go and run against a registry. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "./temp-dir.ts";

const module = "github.com/opencontainers/distribution-spec/conformance";
/** The suite has no releases of its own: this is its newest commit that was in the module proxy when the test was written. */
const version = "v0.0.0-20260831232431-97274622c111";
const installTimeoutMs = 180_000;
const runTimeoutMs = 120_000;

/** The suite's program, or why it is not there. */
export type Conformance = { program: string; absent?: undefined } | { absent: string };

/**
 * Installs the suite unless it is there.
 * @param cacheDirectory keeps the program for the next time
 */
export async function installConformance(cacheDirectory: string): Promise<Conformance> {
  const directory = join(cacheDirectory, `oci-conformance-${version}`);
  const program = join(directory, "conformance");
  if (existsSync(program)) return { program };
  const go = Bun.which("go");
  if (go === null) return { absent: "no go on this machine" };
  await mkdir(directory, { recursive: true });
  const run = Bun.spawn([go, "install", `${module}@${version}`], {
    env: { ...process.env, GOBIN: directory, GOFLAGS: "-mod=mod" },
    stdout: "ignore",
    stderr: "pipe",
    timeout: installTimeoutMs,
  });
  const [code, text] = await Promise.all([run.exited, run.stderr.text()]);
  if (code === 0) return { program };
  return { absent: `go could not install the conformance suite: ${text.trim().split("\n").at(-1) ?? ""}` };
}

/** How to reach the registry, and what to ask of it. */
export interface ConformanceTarget {
  /** `http://host:port`; for https, any certificate will do. */
  url: string;
  /** The specification's version: `1.1`, or `dev` with cancelled uploads, tag parameters and mandatory digest headers. */
  version: "1.1" | "dev";
  username?: string;
  password?: string;
}

/** What the suite counted. */
export interface ConformanceResult {
  passed: number;
  failed: number;
  skipped: number;
  /** Tests that the version does not ask for. */
  disabled: number;
  /** The report's lines about failures. */
  failures: readonly string[];
}

/** Runs the whole suite: pull, push, content discovery and content management. */
export async function runConformance(program: string, target: ConformanceTarget): Promise<ConformanceResult> {
  await using results = await tempDir();
  const url = new URL(target.url);
  const run = Bun.spawn([program], {
    cwd: results.path,
    env: {
      PATH: process.env.PATH ?? "",
      OCI_RESULTS_DIR: results.path,
      OCI_REGISTRY: url.host,
      OCI_TLS: url.protocol === "https:" ? "insecure" : "disabled",
      OCI_VERSION: target.version,
      OCI_USERNAME: target.username ?? "",
      OCI_PASSWORD: target.password ?? "",
    },
    stdout: "pipe",
    stderr: "pipe",
    timeout: runTimeoutMs,
  });
  const [text, warnings] = await Promise.all([run.stdout.text(), run.stderr.text(), run.exited]);
  const count = (word: string) =>
    Number(new RegExp(`^ +${word}\\.+: +(\\d+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  const failures = text.split("\n").filter((line) => /: (FAIL|Error)$/.test(line));
  if (Number.isNaN(count("Pass")))
    throw new Error(`The conformance suite counted nothing: ${text}${warnings}`);
  return {
    passed: count("Pass"),
    failed: count("FAIL") + count("Error"),
    skipped: count("Skip"),
    disabled: count("Disabled"),
    failures,
  };
}
