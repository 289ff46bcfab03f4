/** Which lines of a source list count. */
import type { Source } from "../lists/read-sources.ts";
import type { RunContext } from "../run/run.ts";

/** A reference that stands in the list twice is gathered once. */
export function dropRepeats(sources: readonly Source[], run: RunContext): Source[] {
  const seen = new Map<string, Source>();
  for (const source of sources) {
    const first = seen.get(source.reference);
    if (first === undefined) seen.set(source.reference, source);
    else
      run.ui.log(
        "warn",
        `line ${source.line} repeats ${source.reference} of line ${first.line}; the first one counts`,
      );
  }
  return [...seen.values()];
}
