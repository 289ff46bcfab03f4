/**
 * Starts the embedded registry.
 *
 * Why Bun.serve and not node:http (256 MiB over loopback from curl, one server thread, Bun 1.4.5, body hashed and written
 * to disk): PUT 700 MB/s with both, 1.5 against 1.7 CPU seconds a GB; GET 2.6 against 1.6-2.0 GB/s, 0.38 against 0.6 CPU
 * seconds a GB, because a `Bun.file` body is sent by the kernel. Resident memory peaked at 65 MB against 74-95 MB, and
 * stayed at 50 MB while a handler slept between the chunks of a 256 MiB PUT: the request's stream holds the sender back.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AceError, directoryStates, messageOf, systemCodeOf, systemState } from "../errors.ts";
import { handleRequest } from "./handle-request.ts";
import { readHtpasswd } from "./htpasswd.ts";
import {
  formatListenAddress,
  isLoopback,
  type ListenAddress,
  parseListenAddress,
  reachableHost,
} from "./listen-address.ts";
import { RegistryStore } from "./registry-store.ts";
import { UploadSessions } from "./upload-sessions.ts";

/** How to serve. */
export interface ServeOptions {
  /** `host:port`; port 0 takes a free one. */
  listen: string;
  /** Where everything is kept; without it in a temporary directory, which is removed in the end. */
  dir?: string | undefined;
  /** A file of names and passwords; without it everyone may do everything. */
  htpasswd?: string | undefined;
  /** Files with a certificate chain and its key, in PEM; both or neither. */
  tlsCert?: string | undefined;
  tlsKey?: string | undefined;
  /** Pushes and deletes are answered 405 UNSUPPORTED, and nothing is written to `dir`. */
  readOnly: boolean;
  /** Take an index some of whose manifests are absent; without it such an index is refused. */
  sparseIndexes?: boolean | undefined;
  /** Closes the registry. */
  signal?: AbortSignal | undefined;
  /** Takes sentences for the operator: what is risky at start, and what failed. */
  onNotice?: ((text: string) => void) | undefined;
}

/** A registry that accepts connections. */
export interface RunningRegistry extends AsyncDisposable {
  /** `http://host:port` or `https://host:port`, for clients on this machine. */
  url: string;
  /** The `host:port` it listens on. */
  address: string;
  /** Cuts all connections, waits for what is being written, and removes the temporary directory. May be called twice. */
  close(): Promise<void>;
}

/**
 * Serves an OCI registry until it is closed or the signal fires.
 * @throws AceError `usage` for a bad address, `input` for a file that cannot be used, `medium` for a directory that
 *   cannot be written, `network` when the address cannot be had
 */
export async function serveRegistry(options: ServeOptions): Promise<RunningRegistry> {
  const address = parseListenAddress(options.listen);
  const authorize = options.htpasswd === undefined ? undefined : readHtpasswd(options.htpasswd);
  const tls = readTls(options);
  const onNotice = options.onNotice ?? (() => undefined);
  await using cleanup = new AsyncDisposableStack();
  const directory = options.dir ?? cleanup.adopt(temporaryDirectory(), removeDirectory);
  const durable = options.dir !== undefined;
  const store = await RegistryStore.open(directory, { durable, readOnly: options.readOnly && durable });
  cleanup.defer(() => store.close());
  const sessions = new UploadSessions();
  cleanup.defer(() => sessions.endAll());
  const { readOnly, sparseIndexes = false } = options;
  const context = { store, sessions, readOnly, sparseIndexes, authorize, onNotice };
  const active = new Set<Promise<Response>>();
  cleanup.defer(async () => {
    await Promise.all(active);
  });
  const server = listen(address, tls, (request) => {
    const answer = handleRequest(context, request);
    active.add(answer);
    answer.finally(() => active.delete(answer));
    return answer;
  });
  cleanup.defer(() => server.stop(true));
  if (!isLoopback(address.host)) warn(authorize !== undefined, tls !== undefined, onNotice);

  const closing = cleanup.move();
  const port = server.port ?? address.port;
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= closing.disposeAsync();
    return closed;
  };
  const onAbort = () => {
    close().catch((error: unknown) => onNotice(`Cannot close the registry: ${messageOf(error)}`));
  };
  closing.defer(() => options.signal?.removeEventListener("abort", onAbort));
  options.signal?.addEventListener("abort", onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  const scheme = tls === undefined ? "http" : "https";
  return {
    url: `${scheme}://${formatListenAddress({ host: reachableHost(address.host), port })}`,
    address: formatListenAddress({ host: address.host, port }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function readTls(options: ServeOptions): { cert: string; key: string } | undefined {
  if (options.tlsCert === undefined && options.tlsKey === undefined) return undefined;
  if (options.tlsCert === undefined || options.tlsKey === undefined)
    throw new AceError("usage", "Cannot serve TLS: a certificate and its key go together");
  return { cert: readPem(options.tlsCert, "certificate"), key: readPem(options.tlsKey, "key") };
}

function readPem(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new AceError(
      "input",
      `Cannot read the TLS ${what} ${JSON.stringify(path)}: ${systemState(cause)}`,
      {
        cause,
      },
    );
  }
}

function listen(
  { host, port }: ListenAddress,
  tls: { cert: string; key: string } | undefined,
  fetch: (request: Request) => Promise<Response>,
): Bun.Server<undefined> {
  try {
    return Bun.serve({
      hostname: host,
      port,
      fetch,
      ...(tls === undefined ? {} : { tls }),
      // A client may stop in the middle of a blob for as long as its tape needs; its connection costs little.
      idleTimeout: 0,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      // With development off, Bun 1.4.5 would otherwise let two registries share one port without a word.
      reusePort: false,
    });
  } catch (cause) {
    const where = formatListenAddress({ host, port });
    const code = systemCodeOf(cause) ?? "";
    if (tls !== undefined && code.startsWith("ERR_")) {
      throw new AceError("input", `Cannot serve TLS on ${where}: ${messageOf(cause)}`, {
        cause,
        hint: "The certificate and the key must be PEM files that belong together; the key must have no passphrase.",
      });
    }
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE: "the port is in use",
      EADDRNOTAVAIL: "this machine has no such address",
      EACCES: "this user may not use that port",
    };
    throw new AceError("network", `Cannot listen on ${where}: ${reasons[code] ?? messageOf(cause)}`, {
      cause,
      hint: "Listen at another address; port 0 takes a free one.",
    });
  }
}

function warn(hasPasswords: boolean, hasTls: boolean, onNotice: (text: string) => void): void {
  if (!hasPasswords)
    onNotice("Everyone who can reach this address can use the registry: it asks for no password.");
  else if (!hasTls) onNotice("Passwords cross the network in clear text: it is served without TLS.");
}

function temporaryDirectory(): string {
  try {
    return mkdtempSync(join(tmpdir(), "ace-dt-registry-"));
  } catch (cause) {
    const message = `Cannot make a directory for the registry in ${tmpdir()}: ${systemState(cause, directoryStates)}`;
    throw new AceError("medium", message, { cause, hint: { kind: "registry-directory" } });
  }
}

function removeDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
