/** One HTTP request and its answer, on undici's dispatch: no redirects, no retries, no credentials of its own. */
import type { Dispatcher } from "undici/index.js";
import { freeChunk } from "../../system/free-chunk.ts";
import { SocketLease } from "./paused-socket.ts";
import { onStop, type Signals, stoppedBy } from "./stop.ts";

/** Header names are lower-case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** An answer. The body is empty when a {@link BodyReceiver} took it. */
export interface Reply {
  status: number;
  headers: Headers;
  body: Uint8Array;
  /** True when the body was longer than the limit, and only its start is kept. */
  truncated: boolean;
  /** Where the answer came from, after redirects. */
  url: URL;
}

/** Takes an answer's body as it arrives. */
export interface BodyReceiver {
  /** The next bytes; a promise is the brake: nothing more is read until it resolves. */
  take(chunk: Uint8Array): void | Promise<void>;
  /** Set by `take` when the rest of the body is not wanted: the connection is dropped and the exchange ends well. */
  readonly enough: boolean;
  /** True when the rest can be had with another request: then a brake for long may break this one off. */
  readonly resumable?: boolean;
}

/** Who wants to know that a download stands still. */
export interface StandstillWatch {
  /** @param breakOff ends the exchange with an error */
  pause(breakOff: (error: Error) => void): void;
  resume(): void;
}

/** One request as it goes on the wire. */
export interface HttpRequest {
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** Most bytes of a body that are kept in memory. */
  bodyLimitBytes: number;
  headersTimeoutMs?: number | undefined;
  /** Decides, once the headers are there, who takes the body; undefined keeps it in memory. A throw fails the exchange. */
  receive?: ((status: number, headers: Headers) => BodyReceiver | undefined) | undefined;
}

/** undici's types leave out that any async iterable is taken as a body (client-h1.js, writeIterable). */
interface AnyBodyDispatcher {
  dispatch(
    options: Omit<Dispatcher.DispatchOptions, "body"> & {
      body?: Dispatcher.DispatchOptions["body"] | AsyncIterable<Uint8Array>;
    },
    handler: Dispatcher.DispatchHandler,
  ): boolean;
}

/**
 * Sends one request.
 * @throws AceError when a signal fires; otherwise whatever undici or the receiver throws, unwrapped
 */
export function exchange(
  dispatcher: AnyBodyDispatcher,
  request: HttpRequest,
  signals: Signals,
  watch?: StandstillWatch,
): Promise<Reply> {
  const stopped = stoppedBy(signals);
  if (stopped !== undefined) return Promise.reject(stopped);
  return new Promise((resolve, reject) => {
    const handler = new ExchangeHandler(request, signals, watch, resolve, reject);
    try {
      dispatcher.dispatch(
        {
          origin: request.url.origin,
          path: request.url.pathname + request.url.search,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
          ...(request.headersTimeoutMs === undefined ? {} : { headersTimeout: request.headersTimeoutMs }),
          // undici closes a connection after each HEAD unless told otherwise.
          ...(request.method === "HEAD" ? { reset: false } : {}),
        },
        handler,
      );
    } catch (error) {
      handler.fail(error);
    }
  });
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest;
  readonly #watch: StandstillWatch | undefined;
  readonly #resolve: (reply: Reply) => void;
  readonly #reject: (error: unknown) => void;
  readonly #off: () => void;
  readonly #lease = new SocketLease();
  #controller: Dispatcher.DispatchController | undefined;
  #receiver: BodyReceiver | undefined;
  #failure: unknown;
  #settled = false;
  #status = 0;
  #headers: Headers = {};
  #chunks: Uint8Array[] = [];
  #keptBytes = 0;
  #truncated = false;

  constructor(
    request: HttpRequest,
    signals: Signals,
    watch: StandstillWatch | undefined,
    resolve: (reply: Reply) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request;
    this.#watch = watch;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#off = onStop(signals, (error) => this.fail(error));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#lease.expect();
    if (this.#settled) controller.abort(asError(this.#failure));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (this.#settled || status < 200) return;
    this.#status = status;
    this.#headers = headers;
    // docker-registry 2.8 announces two bytes with a 416 and never sends them.
    if (status === 416) {
      this.#finishEarly();
      return;
    }
    try {
      this.#receiver = this.#request.receive?.(status, headers);
    } catch (error) {
      this.fail(error);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#settled) return;
    const receiver = this.#receiver;
    if (receiver === undefined) {
      this.#keep(chunk);
      return;
    }
    try {
      const braking = receiver.take(chunk);
      if (braking !== undefined) {
        controller.pause();
        this.#lease.pause();
        if (receiver.resumable === true) this.#watch?.pause((error) => this.fail(error));
        braking.then(
          () => {
            if (this.#settled) return;
            this.#lease.release();
            this.#watch?.resume();
            if (receiver.enough) this.#finishEarly();
            else controller.resume();
          },
          (error: unknown) => this.fail(error),
        );
      } else if (receiver.enough) this.#finishEarly();
      else freeChunk(chunk);
    } catch (error) {
      this.fail(error);
    }
  }

  onResponseEnd(): void {
    this.#succeed();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  /** Ends the exchange badly, whatever state it is in; the first call counts. */
  fail(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#failure = error;
    this.#off();
    this.#reject(error);
    this.#controller?.abort(asError(error));
  }

  /** Keeps up to the limit; what is longer is cut, and the connection with it. */
  #keep(chunk: Uint8Array): void {
    const room = this.#request.bodyLimitBytes - this.#keptBytes;
    const kept = chunk.length <= room ? chunk : chunk.subarray(0, room);
    this.#chunks.push(kept);
    this.#keptBytes += kept.length;
    if (kept.length === chunk.length) return;
    this.#truncated = true;
    this.#finishEarly();
  }

  #finishEarly(): void {
    this.#succeed();
    this.#controller?.abort(new Error("the rest of the answer is not wanted"));
  }

  #succeed(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#off();
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      body: Buffer.concat(this.#chunks),
      truncated: this.#truncated,
      url: this.#request.url,
    });
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error("stopped");
}

/** A header's text; several lines are joined as RFC 9110 section 5.2 says. */
export function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}
