/** How many connections all threads have to each host: a table in shared memory, in which every open connection is counted. */
import { AceError } from "../../errors.ts";

/** The table's memory; structured-clonable, so that each thread builds its own {@link ConnectionTable} on it. */
export interface ConnectionTableHandle {
  buffer: SharedArrayBuffer;
  /** Connections to one host. */
  most: number;
}

/** Hosts of one run. */
const rows = 1024;

/** Registry clients at a time: that of the main thread, those of the workers, and a few for threads that took another's place. */
const members = 16;

/** Int32 words. Of the table: a bell a member, and whether it is taken. Of a row: see {@link word}. */
const headWords = 2 * members;
const rowWords = 5 + 4 * members;
const word = {
  state: 0,
  high: 1,
  low: 2,
  /** Connections that are open, or about to be. */
  open: 3,
  /** Connections that somebody closes for those who wait. */
  promised: 4,
  /** For each member: requests that wait, connections that were granted to them; its own idle ones, and downloads that may go on later. */
  waiting: 5,
  granted: 5 + members,
  idle: 5 + 2 * members,
  resumable: 5 + 3 * members,
} as const;

const rowStates = { free: 0, taken: 1, named: 2 } as const;

/** A new table, no connection open. @param most connections to one host, at least 1 */
export function newConnectionTable(most: number): ConnectionTableHandle {
  const words = headWords + rows * rowWords;
  return { buffer: new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT), most: Math.max(1, most) };
}

/**
 * One thread's part in the table: a member. A connection is opened only by a member that counted it here ({@link take}, or a grant),
 * and is counted until it is closed ({@link give}). One that is given while somebody waits goes to him without being free in
 * between, members in turn, so that nobody waits for ever.
 *
 * No wake-up is lost, as every step is one atomic operation and each side looks again after its own: who waits says so and then
 * tries once more; who gives counts down, and then looks once more who waits.
 */
export class ConnectionTable {
  readonly most: number;
  readonly #words: Int32Array;
  readonly #member: number;

  constructor(handle: ConnectionTableHandle) {
    this.most = handle.most;
    this.#words = new Int32Array(handle.buffer);
    this.#member = this.#join();
  }

  /** The row of a host, for the other calls. @param host what a connection goes to: scheme, name and port */
  row(host: string): number {
    const [high, low] = hashesOf(host);
    for (let tried = 0; tried < rows; tried++) {
      const row = headWords + (((low >>> 0) + tried) % rows) * rowWords;
      const state = Atomics.compareExchange(this.#words, row + word.state, rowStates.free, rowStates.taken);
      if (state === rowStates.free) {
        this.#words[row + word.high] = high;
        this.#words[row + word.low] = low;
        Atomics.store(this.#words, row + word.state, rowStates.named);
        return row;
      }
      // Another thread is between the two lines above.
      while (Atomics.load(this.#words, row + word.state) !== rowStates.named);
      if (this.#words[row + word.high] === high && this.#words[row + word.low] === low) return row;
    }
    throw new AceError("internal", `Cannot reach ${host}: a run has at most ${rows} hosts`);
  }

  /** Counts one more connection, if there may be one. */
  take(row: number): boolean {
    let open = this.#load(row + word.open);
    while (open < this.most) {
      const found = Atomics.compareExchange(this.#words, row + word.open, open, open + 1);
      if (found === open) return true;
      open = found;
    }
    return false;
  }

  /**
   * Says that a request of this member waits, until {@link stopWaiting}. Whoever could do without a connection hears of it.
   * @returns true when there is one after all, which is counted
   */
  wait(row: number): boolean {
    Atomics.add(this.#words, row + word.waiting + this.#member, 1);
    if (this.take(row)) return true;
    for (let member = 0; member < members; member++) {
      const unused = this.#load(row + word.idle + member) + this.#load(row + word.resumable + member);
      if (unused > 0) this.#ring(member);
    }
    return false;
  }

  /** Says that one request of this member waits no more: it was served, or it gave up. */
  stopWaiting(row: number): void {
    Atomics.sub(this.#words, row + word.waiting + this.#member, 1);
  }

  /** Takes a connection that was granted to this member; what nobody waits for is to be given back. */
  takeGranted(row: number): boolean {
    if (this.#load(row + word.granted + this.#member) === 0) return false;
    Atomics.sub(this.#words, row + word.granted + this.#member, 1);
    return true;
  }

  /** Gives a connection back that is closed: to whoever waits, if somebody does. */
  give(row: number): void {
    do {
      const member = this.#nextWaiting(row);
      if (member !== undefined) {
        Atomics.add(this.#words, row + word.granted + member, 1);
        this.#ring(member);
        return;
      }
      Atomics.sub(this.#words, row + word.open, 1);
    } while (this.#nextWaiting(row) !== undefined && this.take(row));
  }

  /**
   * Undertakes to close a connection for another member, if one waits for whom nobody does so yet.
   * @returns true when the connection is to be closed, and then given with {@link keepPromise}
   */
  promise(row: number): boolean {
    let promised = this.#load(row + word.promised);
    while (promised < this.#othersWaiting(row)) {
      const found = Atomics.compareExchange(this.#words, row + word.promised, promised, promised + 1);
      if (found === promised) return true;
      promised = found;
    }
    return false;
  }

  /** {@link give} for a connection that was promised. */
  keepPromise(row: number): void {
    Atomics.sub(this.#words, row + word.promised, 1);
    this.give(row);
  }

  /** True when another member waits, and nobody closes a connection for him yet. */
  othersWait(row: number): boolean {
    return this.#load(row + word.promised) < this.#othersWaiting(row);
  }

  /** Says that this member has one more idle connection, or one fewer. See whether {@link othersWait} after it. */
  addIdle(row: number, difference: 1 | -1): void {
    Atomics.add(this.#words, row + word.idle + this.#member, difference);
  }

  /** The same for downloads that could be broken off and gone on with later. */
  addResumable(row: number, difference: 1 | -1): void {
    Atomics.add(this.#words, row + word.resumable + this.#member, difference);
  }

  /** Connections that could be had now without making anybody wait. */
  spare(row: number): number {
    let spare = this.most - this.#load(row + word.open);
    for (let member = 0; member < members; member++)
      spare += this.#load(row + word.idle + member) - this.#load(row + word.waiting + member);
    return spare;
  }

  /** What {@link heard} compares with. Read it, then look at the table, then listen. */
  get bell(): number {
    return this.#load(this.#member);
  }

  /** Resolves when the bell has rung since it was read. */
  async heard(bell: number): Promise<void> {
    const wait = Atomics.waitAsync(this.#words, this.#member, bell);
    if (wait.async) await wait.value;
  }

  /** Ends this member. Whoever listens is woken. */
  leave(): void {
    this.#ring(this.#member);
    Atomics.store(this.#words, members + this.#member, 0);
  }

  #join(): number {
    for (let member = 0; member < members; member++)
      if (Atomics.compareExchange(this.#words, members + member, 0, 1) === 0) return member;
    throw new AceError("internal", `Cannot use a registry: ${members} threads use one already`);
  }

  #othersWaiting(row: number): number {
    let sum = 0;
    for (let member = 0; member < members; member++)
      if (member !== this.#member) sum += this.#ungranted(row, member);
    return sum;
  }

  #ungranted(row: number, member: number): number {
    const waiting = this.#load(row + word.waiting + member);
    return waiting === 0 ? 0 : Math.max(0, waiting - this.#load(row + word.granted + member));
  }

  /** In turn, from the one behind this member, which comes last. */
  #nextWaiting(row: number): number | undefined {
    for (let step = 1; step <= members; step++) {
      const member = (this.#member + step) % members;
      if (this.#ungranted(row, member) > 0) return member;
    }
    return undefined;
  }

  #ring(member: number): void {
    Atomics.add(this.#words, member, 1);
    Atomics.notify(this.#words, member);
  }

  #load(index: number): number {
    return Atomics.load(this.#words, index);
  }
}

/** FNV-1a over the UTF-16 units, with two beginnings: 64 bits, so that two hosts never meet in one row. */
function hashesOf(host: string): [number, number] {
  return [hashOf(host, 0x811c9dc5), hashOf(host, 0x01000193)];
}

function hashOf(text: string, start: number): number {
  let hash = start;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) | 0;
  return hash;
}
