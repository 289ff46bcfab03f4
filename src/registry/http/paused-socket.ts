/**
 * Keeps a paused download from ending the process. undici 7.30.2 asserts, in an event handler where nobody can catch it, when a
 * connection that is not kept alive ends while its reader is paused (client-h1.js: `Parser.finish`, reached from `end`, `close`
 * and an ECONNRESET): https://github.com/nodejs/undici/issues/5360, mended in undici 8. Paused for long is normal here, and so is a
 * server that has enough of it. The test beside this fails when undici is another one.
 */
import { subscribe } from "node:diagnostics_channel";
import { Socket } from "node:net";

/** The connection of one exchange, known from the moment its request is written. */
export class SocketLease {
  #socket: Socket | undefined;

  /** To be called when undici is about to write the request: the next connection it names is this exchange's. */
  expect(): void {
    expecting = this;
  }

  /** Tells that the reader is paused from now on. */
  pause(): void {
    if (this.#socket !== undefined) paused.add(this.#socket);
  }

  /** Tells that the reader goes on, or that the exchange is over. */
  release(): void {
    if (this.#socket !== undefined) paused.delete(this.#socket);
  }

  /** @internal */
  take(socket: Socket): void {
    this.#socket = socket;
    guard(socket);
  }
}

let expecting: SocketLease | undefined;
const paused = new WeakSet<Socket>();
const guarded = new WeakSet<Socket>();

// Published in the same turn as `onRequestStart`, right after it (client-h1.js, writeH1).
subscribe("undici:client:sendHeaders", (message) => {
  const lease = expecting;
  expecting = undefined;
  if (typeof message !== "object" || message === null || !("socket" in message)) return;
  if (message.socket instanceof Socket) lease?.take(message.socket);
});

/**
 * While paused, every way a connection ends becomes an error that undici passes on to the request, as it does by itself for
 * connections that are kept alive.
 */
function guard(socket: Socket): void {
  if (guarded.has(socket)) return;
  guarded.add(socket);
  const emit = socket.emit.bind(socket);
  let failed = false;
  const guardedEmit = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event === "error") failed = true;
    if (!paused.has(socket)) return emit(event, ...values);
    if (event === "end") {
      socket.destroy(closedError());
      return true;
    }
    if (event === "error") return emit(event, closedError(values[0]));
    if (event === "close" && !failed) {
      failed = true;
      emit("error", closedError());
    }
    return emit(event, ...values);
  };
  Object.defineProperty(socket, "emit", { value: guardedEmit, configurable: true, writable: true });
}

function closedError(cause?: unknown): Error {
  const error = new Error("the other side closed the connection", { cause });
  return Object.assign(error, { code: "UND_ERR_SOCKET" });
}
