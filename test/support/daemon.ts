/** Servers of others that tests run beside themselves: started, waited for, stopped. */

/** A server that runs until it is disposed. */
export interface Daemon extends AsyncDisposable {
  pid: number;
  /** What it said when it was ready: the match and its groups. */
  said: RegExpExecArray;
}

/** How to start one. */
export interface DaemonOptions {
  /** In what it says, on stdout or stderr, when others may begin to ask it. */
  ready: RegExp;
  cwd: string;
  /** All of its environment. */
  env: Readonly<Record<string, string>>;
}

const startTimeoutMs = 15_000;
/** From the polite signal to the other one. */
const stopTimeoutMs = 5000;

/**
 * Starts a server and waits until it is ready.
 * @throws Error with what it said when it ends before, or says in 15 s not that it is
 */
export async function startDaemon(
  command: readonly string[],
  { ready, cwd, env }: DaemonOptions,
): Promise<Daemon> {
  const child = Bun.spawn([...command], { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  let output = "";
  const found = Promise.withResolvers<RegExpExecArray>();
  const listen = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      output = (output + decoder.decode(chunk, { stream: true })).slice(-20_000);
      const match = ready.exec(output);
      if (match !== null) found.resolve(match);
    }
  };
  void Promise.all([listen(child.stdout), listen(child.stderr)]).catch(found.reject);
  const failed = (why: string) => new Error(`${command.join(" ")} ${why}:\n${output}`);
  void child.exited.then((code) => found.reject(failed(`ended with ${code}`)));
  const timer = setTimeout(() => found.reject(failed("was not ready in 15 s")), startTimeoutMs);
  const stop = async () => {
    child.kill("SIGTERM");
    const hard = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
    await child.exited;
    clearTimeout(hard);
  };
  try {
    return { pid: child.pid, said: await found.promise, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
