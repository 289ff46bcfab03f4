/** Being told to stop: one error for it, and waits that end at once when it comes. */
import { AceError } from "../../errors.ts";

/** Any of these ends the work. A list, so that a call that adds one of its own makes no new signal. */
export type Signals = readonly AbortSignal[];

/** The error for a signal that fired: its reason when that is an {@link AceError} (the first cause wins), else `stopped`. */
export function stopError(signal: AbortSignal): AceError {
  if (signal.reason instanceof AceError) return signal.reason;
  return new AceError("stopped", "Cannot go on with the transfer: it was stopped", { cause: signal.reason });
}

/** The error of the first signal that fired, or undefined. */
export function stoppedBy(signals: Signals): AceError | undefined {
  const fired = signals.find((signal) => signal.aborted);
  return fired === undefined ? undefined : stopError(fired);
}

/** @throws AceError when one of the signals has fired */
export function throwIfStopped(signals: Signals): void {
  const error = stoppedBy(signals);
  if (error !== undefined) throw error;
}

/** Calls back once when a signal fires (never when it has fired already). Returns what takes the listeners off again. */
export function onStop(signals: Signals, callback: (error: AceError) => void): () => void {
  const listener = (): void =>
    callback(stoppedBy(signals) ?? new AceError("stopped", "Cannot go on: stopped"));
  for (const signal of signals) signal.addEventListener("abort", listener, { once: true });
  return () => {
    for (const signal of signals) signal.removeEventListener("abort", listener);
  };
}

/**
 * Waits, or throws as soon as a signal fires.
 * @throws AceError `stopped`, or the signal's own reason
 */
export function sleep(ms: number, signals: Signals): Promise<void> {
  throwIfStopped(signals);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      off();
      resolve();
    }, ms);
    const off = onStop(signals, (error) => {
      clearTimeout(timer);
      off();
      reject(error);
    });
  });
}

/**
 * Waits for a promise that never rejects, or throws as soon as a signal fires.
 * @throws AceError `stopped`, or the signal's own reason
 */
export function untilStopped(wait: Promise<void> | undefined, signals: Signals): Promise<void> {
  if (wait === undefined) return Promise.resolve();
  throwIfStopped(signals);
  return new Promise((resolve, reject) => {
    const off = onStop(signals, reject);
    void wait.then(() => {
      off();
      resolve();
    });
  });
}
