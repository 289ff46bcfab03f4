/**
 * One thread's connections. All threads together never have more to a host than the run may have: each counts its own in the table
 * before it opens them, and until they are closed.
 *
 * **Why nothing waits for ever, whatever the number is.** A request has one connection, from when it is sent until its answer has
 * ended, and waits for none while it has one. So only two kinds of requests can hold a connection and wait:
 *
 * - A download whose taker is not ready: its window is full, or the upload it feeds waits. Once it has stood still for a moment and
 *   somebody waits for a connection to its host it is broken off ({@link YieldedError}), and goes on by Range later.
 * - An upload whose bytes are not there: they come from another registry, or from a window that its reader still fills. There are
 *   never as many of them as there are connections, unless the one that all others wait for is among them: `pool/turns.ts` sees to it.
 *
 * Everything else ends by itself, so a connection comes free for whoever is next in line.
 *
 * An idle connection stays open for its thread, as nothing is as quick as a connection that is there. It is closed as soon as another
 * thread waits for one. A thread that has more to do than connections keeps those it has for a while, and then gives one up.
 */
import type { Dispatcher } from "undici/index.js";
import { ConnectionTable, type ConnectionTableHandle } from "./connection-table.ts";
import { onStop, type Signals, throwIfStopped } from "./stop.ts";
import type { Transport } from "./transport.ts";

/** How long a thread may keep a connection from others who wait, in milliseconds: a handshake for each request would cost more. */
const turnMs = 200;

/** A download that stood still for so long gives up its connection when it is needed, in milliseconds. */
const standstillMs = 100;

/** While a request waits its thread looks again this often, in milliseconds, and so stays alive: a bell alone keeps no process. */
const beatMs = 1000;

/** A download was broken off because its connection is needed: no failure, it goes on where it was. */
export class YieldedError extends Error {
  constructor() {
    super("the connection is needed by others");
    this.name = "YieldedError";
  }
}

/** A connection as the request that has it sees it. */
export class Connection {
  readonly dispatcher: Dispatcher;
  readonly transport: Transport;
  readonly line: Line;
  /** When this thread came by it. */
  readonly sinceMs = performance.now();
  /** Set while a download that could go on later stands still. */
  standstill: { sinceMs: number; breakOff: () => void } | undefined;
  isResumable = false;
  /** By an earlier request. */
  wasUsed = false;

  constructor(line: Line, transport: Transport) {
    this.line = line;
    this.transport = transport;
    this.dispatcher = transport.connect(line.host);
  }

  /** Tells that this is a download that stands still, and can go on later. @param breakOff ends the request with the error */
  pause(breakOff: (error: YieldedError) => void): void {
    this.standstill = { sinceMs: performance.now(), breakOff: () => breakOff(new YieldedError()) };
    if (!this.isResumable) this.line.addResumable(this);
  }

  /** Tells that the download moves again. */
  resume(): void {
    this.standstill = undefined;
  }
}

/** A request that waits. */
interface Waiter {
  transport: Transport;
  take(connection: Connection): void;
}

/** One client's connections. */
export class Connections {
  readonly #table: ConnectionTable;
  readonly #lines = new Map<string, Line>();
  #closed = false;

  constructor(handle: ConnectionTableHandle) {
    this.#table = new ConnectionTable(handle);
    void this.#listen();
  }

  /**
   * A connection for one request, as soon as there may be one. Must be handed back.
   * @param host what it goes to: an origin, whatever proxy is in between
   * @throws AceError when a signal fires first
   */
  async acquire(host: string, transport: Transport, signals: Signals): Promise<Connection> {
    throwIfStopped(signals);
    return this.#line(host).acquire(transport, signals);
  }

  /** @param reusable false when the request failed: then nobody knows what state the connection is in */
  release(connection: Connection, reusable: boolean): void {
    connection.line.release(connection, reusable);
  }

  /** Connections to a host that could be had now without making anybody wait. */
  spare(host: string): number {
    return this.#table.spare(this.#line(host).row);
  }

  /** Closes every connection, in use or not. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lines.values()].map((line) => line.close()));
    this.#table.leave();
  }

  #line(host: string): Line {
    const known = this.#lines.get(host);
    if (known !== undefined) return known;
    const line = new Line(host, this.#table);
    this.#lines.set(host, line);
    return line;
  }

  async #listen(): Promise<void> {
    while (!this.#closed) {
      const { bell } = this.#table;
      for (const line of this.#lines.values()) line.look();
      await this.#table.heard(bell);
    }
  }
}

/** What one thread has and wants of one host. */
class Line {
  readonly host: string;
  readonly row: number;
  readonly #table: ConnectionTable;
  readonly #open = new Set<Connection>();
  /** The most recently used is the last. */
  readonly #idle: Connection[] = [];
  readonly #waiting: Waiter[] = [];
  readonly #resumable = new Set<Connection>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  constructor(host: string, table: ConnectionTable) {
    this.host = host;
    this.row = table.row(host);
    this.#table = table;
  }

  acquire(transport: Transport, signals: Signals): Connection | Promise<Connection> {
    if (this.#waiting.length === 0) {
      const idle = this.#takeIdle(this.#idle.findLastIndex((each) => each.transport === transport));
      if (idle !== undefined) return idle;
      if (this.#table.take(this.row)) return this.#connect(transport);
    }
    return new Promise((resolve, reject) => {
      const off = onStop(signals, (error) => {
        this.#leave(this.#waiting.indexOf(waiter));
        reject(error);
      });
      const take = (connection: Connection) => {
        off();
        resolve(connection);
      };
      const waiter: Waiter = { transport, take };
      this.#waiting.push(waiter);
      this.#beat ??= setInterval(() => this.look(), beatMs);
      if (this.#table.wait(this.row)) this.#serve();
      else {
        // One with other certificates.
        const other = this.#takeIdle(this.#idle.length - 1);
        if (other !== undefined) void this.#end(other).then(() => this.#serve());
        this.#breakOff();
      }
    });
  }

  release(connection: Connection, reusable: boolean): void {
    connection.standstill = undefined;
    connection.wasUsed = true;
    if (this.#resumable.delete(connection)) {
      connection.isResumable = false;
      this.#table.addResumable(this.row, -1);
    }
    const waiter = this.#waiting[0];
    if (!reusable || this.#closed) void this.#end(connection).then(() => this.#serve());
    else if (waiter === undefined) {
      this.#idle.push(connection);
      this.#table.addIdle(this.row, 1);
      this.#giveIdle();
    } else if (performance.now() - connection.sinceMs > turnMs && this.#table.promise(this.row))
      void this.#end(connection).then(() => this.#table.keepPromise(this.row));
    else if (waiter.transport === connection.transport) {
      this.#leave(0);
      waiter.take(connection);
    } else void this.#end(connection).then(() => this.#serve());
  }

  /** From now on until it is released the connection may be taken from its download. */
  addResumable(connection: Connection): void {
    connection.isResumable = true;
    this.#resumable.add(connection);
    this.#table.addResumable(this.row, 1);
    this.#breakOff();
  }

  /** The bell has rung: something was granted, or another thread waits. */
  look(): void {
    while (this.#table.takeGranted(this.row)) this.#serve();
    this.#giveIdle();
    this.#breakOff();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#beat);
    while (this.#takeIdle(0) !== undefined);
    await Promise.all([...this.#open].map((connection) => this.#end(connection)));
  }

  /** Takes a request out of the line: it is served, or it gave up. */
  #leave(at: number): Waiter | undefined {
    const [waiter] = this.#waiting.splice(at, 1);
    if (waiter !== undefined) this.#table.stopWaiting(this.row);
    if (this.#waiting.length === 0) {
      clearInterval(this.#beat);
      this.#beat = undefined;
    }
    return waiter;
  }

  #takeIdle(at: number): Connection | undefined {
    const [connection] = at < 0 ? [] : this.#idle.splice(at, 1);
    if (connection !== undefined) this.#table.addIdle(this.row, -1);
    return connection;
  }

  #connect(transport: Transport): Connection {
    const connection = new Connection(this, transport);
    this.#open.add(connection);
    return connection;
  }

  /** Resolves when it is closed; it is counted until then. */
  async #end(connection: Connection): Promise<void> {
    this.#open.delete(connection);
    await connection.dispatcher.destroy();
  }

  /** A connection is counted that nobody has: the next one here gets it, or others. */
  #serve(): void {
    const waiter = this.#closed ? undefined : this.#leave(0);
    if (waiter === undefined) this.#table.give(this.row);
    else waiter.take(this.#connect(waiter.transport));
  }

  #giveIdle(): void {
    while (this.#idle.length > 0 && this.#table.promise(this.row)) {
      const idle = this.#takeIdle(0);
      if (idle !== undefined) void this.#end(idle).then(() => this.#table.keepPromise(this.row));
    }
  }

  /** Breaks off a download that stands still, when somebody waits; looks again for as long as that is so. */
  #breakOff(): void {
    const wanted = this.#waiting.length > 0 || this.#table.othersWait(this.row);
    if (this.#timer !== undefined || !wanted || this.#resumable.size === 0 || this.#closed) return;
    const before = performance.now() - standstillMs;
    for (const { standstill } of this.#resumable) {
      if (standstill === undefined || standstill.sinceMs > before) continue;
      standstill.breakOff();
      break;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#breakOff();
    }, standstillMs);
    this.#timer.unref();
  }
}
