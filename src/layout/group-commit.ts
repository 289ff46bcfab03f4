/** Group commit: many callers who each need "done after I asked" share as few runs of an expensive action as honesty allows. */

/**
 * Wraps an action so that calls share runs. A call is answered by a run that *started* after the call, never by one that
 * was already under way (its fsync may have begun before the caller's rename). At most one run is active.
 * @returns a function that resolves when such a run is over, and rejects with what that run threw
 */
export function groupCommit(action: () => Promise<void>): () => Promise<void> {
  let active: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    // The microtask lets calls made in the same turn join this run.
    await Promise.resolve();
    next = undefined;
    await action();
  };
  return () => {
    if (next !== undefined) return next;
    const before = active;
    const mine = before === undefined ? run() : before.then(run, run);
    next = mine;
    active = mine;
    const clear = () => {
      if (active === mine) active = undefined;
    };
    mine.then(clear, clear);
    return mine;
  };
}
