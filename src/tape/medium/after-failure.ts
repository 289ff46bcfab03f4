/** What is still tried when something has failed: the first error is the one to report, and a later one says the same again. */

/** Does each as far as it goes; none keeps the next from being tried. */
export function afterFailure(...acts: readonly (() => void)[]): void {
  for (const act of acts) {
    try {
      act();
    } catch {
      // The error that led here is on its way already.
    }
  }
}
