/** What every thread of a run shares beside the window: the stop flag, the byte counter, the hosts' gates and connections. */
import { AceError } from "../errors.ts";
import { type ConnectionTableHandle, newConnectionTable } from "../registry/http/connection-table.ts";
import { type HostGatesHandle, newHostGates } from "../registry/http/gates.ts";

/** Handed to each thread when it starts. Survives structured clone. */
export interface SharedState {
  /** Int32 word 0: 1 when the run is to stop. Int64 cell 1: bytes moved. Int32 word 4: 1 when the local store takes no more. */
  control: SharedArrayBuffer;
  gates: HostGatesHandle;
  connections: ConnectionTableHandle;
}

const stopWord = 0;
const movedCell = 1;
const storeWord = 4;

/** @param connections that all threads together may have to one host */
export function newSharedState(connections: number): SharedState {
  return {
    control: new SharedArrayBuffer(64),
    gates: newHostGates(),
    connections: newConnectionTable(connections),
  };
}

/** Counts bytes that went over the network or were read for a verb; any thread. */
export function countMoved(state: SharedState, bytes: number): void {
  Atomics.add(new BigInt64Array(state.control), movedCell, BigInt(bytes));
}

/** Bytes counted so far. */
export function movedBytes(state: SharedState): number {
  return Number(Atomics.load(new BigInt64Array(state.control), movedCell));
}

/** Tells every thread that the local store takes no more; any thread. @returns true for the first to say so */
export function markStoreFull(state: SharedState): boolean {
  return Atomics.exchange(new Int32Array(state.control), storeWord, 1) === 0;
}

/** True once somebody called {@link markStoreFull}. */
export function isStoreFull(state: SharedState): boolean {
  return Atomics.load(new Int32Array(state.control), storeWord) === 1;
}

/** Tells every thread to stop. */
export function requestStop(state: SharedState): void {
  const words = new Int32Array(state.control);
  Atomics.store(words, stopWord, 1);
  Atomics.notify(words, stopWord);
}

/** True when {@link requestStop} was called; for loops that never wait, in which no signal arrives. */
export function isStopRequested(state: SharedState): boolean {
  return Atomics.load(new Int32Array(state.control), stopWord) === 1;
}

/** A signal of this thread that fires when {@link requestStop} was called anywhere. */
export function signalOfRun(state: SharedState): AbortSignal {
  const controller = new AbortController();
  const words = new Int32Array(state.control);
  const stop = () => controller.abort(new AceError("stopped", "Cannot go on: the run was stopped"));
  const wait = Atomics.waitAsync(words, stopWord, 0);
  if (wait.async) void wait.value.then(stop);
  else stop();
  return controller.signal;
}
