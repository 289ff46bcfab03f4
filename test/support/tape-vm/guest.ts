/** A Linux guest in QEMU, without hardware virtualization, whose /dev/nst0 is an emulated drive of this process: the kernel's own st driver at work. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { arch } from "node:os";
import { canInstallDebian } from "../../../scripts/gate/programs.ts";
import { findProgram, type Need } from "../needs.ts";
import { binaryPath, prepareBinary } from "../run-binary.ts";
import { tempDir } from "../temp-dir.ts";
import { guestFiles } from "./build-guest.ts";
import { EmulatedDrive } from "./emulated-drive.ts";
import { openGuestDoor } from "./guest-door.ts";
import { guestTools } from "./guest-tools.ts";
import { listenForInitiators } from "./iscsi-target.ts";
import { qemuCommand } from "./qemu-command.ts";

/** How a script in the guest ended. */
export interface GuestResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A guest that runs. */
export interface TapeGuest extends AsyncDisposable {
  /** Behind the guest's /dev/nst0. */
  drive: EmulatedDrive;
  /** A path in the directory that host and guest share; it is the scripts' working directory. */
  file(name: string): string;
  /**
   * Runs a script with bash as root in the guest, with `ace-dt` and the programs of guest-tools.ts on its PATH. Scripts run one after the
   * other. What listens on 127.0.0.1 of this machine is on the `hostAddress` of guest-tools.ts there.
   * @throws Error when it takes longer than `timeoutMs` (150 s)
   */
  run(script: string, timeoutMs?: number): Promise<GuestResult>;
}

/** What a guest needs of the machine. */
export const tapeGuest: Need = { absent: whyNoGuest(), installable: arch() === "x64" && canInstallDebian() };

function whyNoGuest(): string | undefined {
  if (process.platform !== "linux" || arch() !== "x64")
    return `no tape guest for ${process.platform} ${arch()}`;
  if (findProgram("qemu-system-x86_64") === undefined) return "no qemu-system-x86_64 on this machine";
  if (!existsSync(guestFiles.stamp)) return "no tape guest made (npm test makes it, as root on Debian)";
  return undefined;
}

/** Far beyond what it takes, also on a machine that is busy with other things. */
const startTimeoutMs = 150_000;

/** Boots a guest; about ten seconds on an idle machine. */
export async function startTapeGuest(): Promise<TapeGuest> {
  await prepareBinary();
  const share = await tempDir("ace-dt-guest-");
  const drive = new EmulatedDrive();
  const target = listenForInitiators(drive);
  const door = openGuestDoor(async (request) => {
    const name = /^change (.*)$/.exec(request)?.[1];
    if (name === undefined) throw new Error(`Cannot answer "${request}" to the guest: it is no request`);
    drive.change(name);
    return "ok";
  });
  const tools = guestTools(door.port);
  for (const [name, text] of Object.entries(tools)) await Bun.write(share.file(name), text);
  await Bun.write(share.file("ace-dt"), Bun.file(binaryPath()));
  const child = Bun.spawn(qemuCommand(share.path, { target: target.port, door: door.port }), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let console = "";
  const listen = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) console += decoder.decode(chunk, { stream: true });
  };
  void Promise.all([listen(child.stdout), listen(child.stderr)]);
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
    target.stop();
    door.stop();
    await share[Symbol.asyncDispose]();
  };
  const inTime = async <T>(what: string, answer: Promise<T>, timeoutMs: number): Promise<T> => {
    const fail = (state: string) => new Error(`The tape guest ${state} (${what}):\n${console.slice(-4000)}`);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(fail(`said nothing in ${timeoutMs} ms`)), timeoutMs);
    const ended = child.exited.then(() => Promise.reject(fail("ended")));
    return await Promise.race([answer, late, ended]).finally(() => clearTimeout(timer));
  };
  let jobs = 0;
  const run = async (script: string, timeoutMs = 150_000): Promise<GuestResult> => {
    const job = `job-${jobs++}`;
    await Bun.write(share.file(`${job}.sh`), script);
    const code = await inTime(job, door.run(job), timeoutMs);
    const read = (kind: string) => readFile(share.file(`${job}.${kind}`), "utf8");
    const [stdout, stderr] = await Promise.all([read("out"), read("err")]);
    return { code, stdout, stderr };
  };
  try {
    await inTime("start", door.opened, startTimeoutMs);
    const names = ["ace-dt", ...Object.keys(tools)].join(" ");
    const copied = await run(`install -m 755 ${names} /usr/local/bin`);
    if (copied.code !== 0) throw new Error(`The tape guest cannot take its programs: ${copied.stderr}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { drive, file: (name) => share.file(name), run, [Symbol.asyncDispose]: stop };
}
