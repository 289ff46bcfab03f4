/** A TCP proxy in front of a registry that knows enough HTTP to break it on purpose, and remembers every request. */
import { createServer, connect as dial, type Socket } from "node:net";
import { HttpHead, MessageReader } from "./raw-http.ts";

/** What goes wrong. All that are given apply; none forwards the request as it is. */
export interface Fault {
  /** Answer this in the registry's place; the request's body is read and dropped. */
  answer?: { status: number; headers?: Record<string, string>; body?: string };
  /** Wait before anything else. */
  delayMs?: number;
  /** Close the connection before any answer. */
  hangUp?: boolean;
  /** Let the registry do its work, then close the connection instead of handing its answer on. */
  dropAnswer?: boolean;
  /** Never answer. */
  silence?: boolean;
  /** Read so many bytes of the request's body, hand them on, then close both connections. */
  cutRequestAfter?: number;
  /** Send so many bytes of the answer's body, then close the connection. */
  cutAfter?: number;
  /** Send so many bytes of the answer's body, then nothing any more. */
  stallAfter?: number;
  /** End the answer cleanly after so many bytes, with a Content-Length to match. */
  truncateTo?: number;
  /** Say nothing of the length, and end the connection well after so many bytes of the answer's body. */
  endAfter?: number;
  /** Say nothing of the length, and send so many bytes of the answer's body in chunks that end well. */
  chunksTo?: number;
  /** Invert the answer's byte at this position. */
  flipByte?: number;
  /** Invert the byte of the request's body at this position. */
  flipRequestByte?: number;
  /** Put another Content-Length on the answer. */
  contentLength?: number;
  /** Take Range out of the request. */
  ignoreRange?: boolean;
  /** Answer 307 to this origin, with the request's path. */
  redirectTo?: string;
  /** Take headers out of the answer; lower-case names. */
  dropHeaders?: readonly string[];
  /** Put headers on the answer. */
  setHeaders?: Record<string, string>;
}

/** A fault and the requests it happens to. The first rule that matches a request counts. */
export interface FaultRule extends Fault {
  method?: string;
  /** Matched against path and query. */
  path?: RegExp;
  /** Matching requests that are left alone first; 0 when left out. */
  after?: number;
  /** Matching requests it happens to; all when left out. */
  times?: number;
}

/** A request as it arrived. */
export interface RecordedRequest {
  method: string;
  /** Path and query. */
  path: string;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** Body bytes that arrived so far. */
  bodyBytes: number;
  /** `performance.now()` when its head was complete. */
  atMs: number;
  /** True when a rule with a fault applied. */
  faulted: boolean;
}

/** A running proxy. */
export interface FaultProxy extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  url: string;
  port: number;
  requests: RecordedRequest[];
  /** Replaces the rules, with fresh counts. */
  setRules(rules: readonly FaultRule[]): void;
  close(): Promise<void>;
}

/** Starts a proxy on a free port. @param options.upstream `http://host:port` */
export async function startFaultProxy(options: {
  upstream: string;
  rules?: readonly FaultRule[];
}): Promise<FaultProxy> {
  const upstream = new URL(options.upstream);
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  let counted = count(options.rules ?? []);
  const server = createServer((client) => {
    sockets.add(client);
    client.on("close", () => sockets.delete(client));
    client.on("error", () => client.destroy());
    void serve(client, upstream, sockets, (request) => {
      requests.push(request);
      const rule = match(counted, request);
      request.faulted = rule !== undefined;
      return rule ?? {};
    }).catch(() => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    setRules: (rules) => {
      counted = count(rules);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Counted = { rule: FaultRule; seen: number };

function count(rules: readonly FaultRule[]): Counted[] {
  return rules.map((rule) => ({ rule, seen: 0 }));
}

function match(rules: readonly Counted[], request: RecordedRequest): FaultRule | undefined {
  for (const counted of rules) {
    const { rule } = counted;
    if (rule.method !== undefined && rule.method !== request.method) continue;
    if (rule.path !== undefined && !rule.path.test(request.path)) continue;
    counted.seen++;
    const after = rule.after ?? 0;
    if (counted.seen > after && counted.seen <= after + (rule.times ?? Number.POSITIVE_INFINITY)) return rule;
  }
  return undefined;
}

/** One request a connection: every answer closes it. */
async function serve(
  client: Socket,
  upstream: URL,
  sockets: Set<Socket>,
  decide: (request: RecordedRequest) => Fault,
): Promise<void> {
  const reader = new MessageReader(client);
  const head = await reader.head();
  if (head === undefined) return;
  const [method = "", path = ""] = head.startLine.split(" ");
  const request: RecordedRequest = {
    method,
    path,
    headers: head.toRecord(),
    bodyBytes: 0,
    atMs: performance.now(),
    faulted: false,
  };
  const fault = decide(request);
  const body = countBody(reader.body(head, false), request);
  if (fault.delayMs !== undefined) await Bun.sleep(fault.delayMs);
  if (fault.silence === true) return;
  if (fault.hangUp === true) {
    client.destroy();
    return;
  }
  if (fault.answer !== undefined || fault.redirectTo !== undefined) {
    for await (const _ of body);
    client.end(cannedAnswer(fault, method, path));
    return;
  }
  if (fault.ignoreRange === true) head.remove("range");
  head.set("connection", "close");
  const registry = dial({ host: upstream.hostname, port: Number(upstream.port) });
  sockets.add(registry);
  registry.on("close", () => sockets.delete(registry));
  registry.on("error", () => client.destroy());
  client.on("close", () => registry.destroy());
  const answered = answer(client, new MessageReader(registry), method, fault);
  // Awaited below; when the forwarding fails first, its own failure closes the client.
  answered.catch(() => client.destroy());
  await forwardRequest(registry, head, body, fault, client);
  await answered;
  registry.destroy();
}

async function* countBody(body: AsyncIterable<Buffer>, request: RecordedRequest): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    request.bodyBytes += chunk.length;
    yield chunk;
  }
}

function cannedAnswer(fault: Fault, method: string, path: string): string {
  const {
    status,
    headers = {},
    body = "",
  } = fault.answer ?? {
    status: 307,
    headers: { location: `${fault.redirectTo}${path}` },
  };
  const head = new HttpHead(`HTTP/1.1 ${status} Scripted`, []);
  for (const [name, value] of Object.entries(headers)) head.set(name, value);
  if (!head.has("content-length")) head.set("content-length", String(Buffer.byteLength(body)));
  head.set("connection", "close");
  return head.toString() + (method === "HEAD" ? "" : body);
}

async function forwardRequest(
  registry: Socket,
  head: HttpHead,
  body: AsyncIterable<Buffer>,
  fault: Fault,
  client: Socket,
): Promise<void> {
  registry.write(head.toString());
  let left = fault.cutRequestAfter ?? Number.POSITIVE_INFINITY;
  let at = 0;
  for await (const chunk of body) {
    flip(chunk, at, fault.flipRequestByte);
    at += chunk.length;
    await write(registry, chunk.subarray(0, Math.min(chunk.length, left)));
    left -= chunk.length;
    if (left > 0) continue;
    // Let the registry see what it got before the end comes.
    await Bun.sleep(50);
    registry.destroy();
    client.destroy();
    return;
  }
}

/** Inverts a body's byte when it lies in this chunk, whose first byte is the body's at `from`. */
function flip(chunk: Buffer, from: number, position: number | undefined): void {
  if (position === undefined || position < from || position >= from + chunk.length) return;
  chunk[position - from] = 255 - (chunk[position - from] ?? 0);
}

/** Hands the answer on, damaged as the fault says. */
async function answer(client: Socket, reader: MessageReader, method: string, fault: Fault): Promise<void> {
  const head = await reader.head();
  if (head === undefined || fault.dropAnswer === true) {
    client.destroy();
    return;
  }
  const length = Number(head.get("content-length") ?? Number.NaN);
  head.set("connection", "close");
  for (const name of fault.dropHeaders ?? []) head.remove(name);
  for (const [name, value] of Object.entries(fault.setHeaders ?? {})) head.set(name, value);
  const short = fault.endAfter ?? fault.chunksTo;
  if (short !== undefined) {
    await answerShort(
      client,
      reader.body(head, method === "HEAD", length),
      head,
      short,
      fault.chunksTo !== undefined,
    );
    return;
  }
  if (fault.truncateTo !== undefined) head.set("content-length", String(Math.min(length, fault.truncateTo)));
  if (fault.contentLength !== undefined) head.set("content-length", String(fault.contentLength));
  client.write(head.toString());
  let at = 0;
  const stop = fault.cutAfter ?? fault.stallAfter ?? fault.truncateTo ?? Number.POSITIVE_INFINITY;
  for await (const chunk of reader.body(head, method === "HEAD", length)) {
    flip(chunk, at, fault.flipByte);
    const part = chunk.subarray(0, Math.max(0, stop - at));
    at += chunk.length;
    await write(client, part);
    if (at < stop || (at === stop && fault.truncateTo !== undefined)) continue;
    if (fault.stallAfter !== undefined) return;
    if (fault.truncateTo !== undefined) break;
    // What was sent must arrive before the end does.
    await Bun.sleep(50);
    client.destroy();
    return;
  }
  client.end();
}

/** As a proxy does whose upstream broke: nothing in the framing tells that something is missing. */
async function answerShort(
  client: Socket,
  body: AsyncIterable<Buffer>,
  head: HttpHead,
  bytes: number,
  inChunks: boolean,
): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  const sent = Buffer.concat(pieces).subarray(0, bytes);
  head.remove("content-length");
  if (inChunks) head.set("transfer-encoding", "chunked");
  client.write(head.toString());
  if (inChunks) client.write(`${sent.length.toString(16)}\r\n`);
  client.write(sent);
  client.end(inChunks ? "\r\n0\r\n\r\n" : "");
}

function write(socket: Socket, chunk: Buffer): Promise<void> {
  if (chunk.length === 0 || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => resolve();
    socket.once("close", done);
    socket.write(chunk, () => {
      socket.off("close", done);
      resolve();
    });
  });
}
