/** What every thread of a run shares beside the window: the stop flag, the byte counter, the hosts' gates. */
import { AceError } from "../errors.ts";
import { type HostGatesHandle, newHostGates } from "../registry/gates.ts";

/** Handed to each thread when it starts. Survives structured clone. */
export interface SharedState {
  /** Int32 word 0: 1 when the run is to stop. Int64 cell 1: bytes moved. */
  control: SharedArrayBuffer;
  gates: HostGatesHandle;
}

const stopWord = 0;
const movedCell = 1;

export function newSharedState(): SharedState {
  return { control: new SharedArrayBuffer(64), gates: newHostGates() };
}

/** Counts bytes that went over the network or were read for a verb; any thread. */
export function countMoved(state: SharedState, bytes: number): void {
  Atomics.add(new BigInt64Array(state.control), movedCell, BigInt(bytes));
}

/** Bytes counted so far. */
export function movedBytes(state: SharedState): number {
  return Number(Atomics.load(new BigInt64Array(state.control), movedCell));
}

/** Tells every thread to stop. */
export function requestStop(state: SharedState): void {
  const words = new Int32Array(state.control);
  Atomics.store(words, stopWord, 1);
  Atomics.notify(words, stopWord);
}

/** A signal of this thread that fires when {@link requestStop} was called anywhere. */
export function stopSignal(state: SharedState): AbortSignal {
  const controller = new AbortController();
  const words = new Int32Array(state.control);
  const stop = () => controller.abort(new AceError("stopped", "Cannot go on: the run was stopped"));
  const wait = Atomics.waitAsync(words, stopWord, 0);
  if (wait.async) void wait.value.then(stop);
  else stop();
  return controller.signal;
}
