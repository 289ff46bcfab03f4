/** Registries behind doors that count, and the standard images in the first of them. */
import { type FaultProxy, type RecordedRequest, startFaultProxy } from "../support/fault-proxy.ts";
import type { RegistryKind, RunningRegistry } from "../support/registries.ts";
import { type RunResult, runBinary, runOk, writeConfig } from "../support/run-binary.ts";
import { pushPlaced, sourcesList, standardImages } from "../support/standard-images.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** What the first registry has. */
export const placed = standardImages();
export const isBlob = ({ path }: RecordedRequest) => path.includes("/blobs/");
export const isBlobRead = (request: RecordedRequest) => request.method === "GET" && isBlob(request);
export const isUpload = ({ method, path }: RecordedRequest) =>
  path.includes("/blobs/uploads/") && method !== "POST";
export const isMount = ({ method, path }: RecordedRequest) => method === "POST" && path.includes("mount=");

/** Registries behind a door that counts. */
export class World implements AsyncDisposable {
  private constructor(
    readonly registries: readonly RunningRegistry[],
    readonly doors: readonly FaultProxy[],
    readonly dir: TempDir,
    readonly env: Record<string, string>,
  ) {}

  /** The first is reg.example.com with the standard images, the others are a.example.com, b.example.com, c.example.com, empty. */
  static async open(kinds: readonly RegistryKind[]): Promise<World> {
    const registries = await Promise.all(kinds.map((kind) => kind.start()));
    const doors = await Promise.all(registries.map(({ origin }) => startFaultProxy({ upstream: origin })));
    const dir = await tempDir();
    const names = ["reg.example.com", "a.example.com", "b.example.com", "c.example.com"];
    const config = await writeConfig(
      dir.file("config.yaml"),
      Object.fromEntries(doors.map(({ url }, at) => [names[at], url])),
    );
    await pushPlaced(registries[0]?.origin ?? "", placed);
    await Bun.write(dir.file("sources.list"), sourcesList("reg.example.com", placed));
    return new World(registries, doors, dir, { ACE_DT_CONFIG: config });
  }

  /** Runs a command; gives back what each registry was asked meanwhile. */
  async run(...args: string[]): Promise<{ asked: readonly (readonly RecordedRequest[])[]; stdout: string }> {
    const before = this.doors.map(({ requests }) => requests.length);
    const { stdout } = await runOk(["mirror", ...args], { env: this.env, cwd: this.dir.path });
    return { asked: this.doors.map(({ requests }, at) => requests.slice(before[at])), stdout };
  }

  /** Runs a command that may fail; gives back how it ended, and what each registry was asked meanwhile. */
  async try(...args: string[]): Promise<RunResult & { asked: readonly (readonly RecordedRequest[])[] }> {
    const before = this.doors.map(({ requests }) => requests.length);
    const result = await runBinary(["mirror", ...args], { env: this.env, cwd: this.dir.path });
    return { ...result, asked: this.doors.map(({ requests }, at) => requests.slice(before[at])) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [...this.doors, ...this.registries, this.dir]) await each[Symbol.asyncDispose]();
  }
}

/** `GET path` a line, for messages of failed tests. */
export function lines(requests: readonly RecordedRequest[]): string[] {
  return requests.map(({ method, path }) => `${method} ${path}`);
}
