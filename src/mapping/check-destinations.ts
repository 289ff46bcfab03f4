/** Checks that what a mapper made can be pushed to, before anything is pushed. */
import { AceError } from "../errors.ts";
import { parseReference } from "../oci/reference.ts";

/** One image and the places it goes to. */
export interface Mapped {
  /** The reference it was gathered from. */
  source: string;
  destinations: readonly string[];
}

/**
 * Checks every destination.
 * @throws AceError `input` that lists all the bad ones, not just the first
 */
export function checkDestinations(mapped: readonly Mapped[]): void {
  const problems = mapped.flatMap(({ source, destinations }) =>
    destinations.flatMap((destination) => {
      const problem = problemOf(destination);
      return problem === undefined ? [] : [`${source} -> ${destination}: ${problem}`];
    }),
  );
  if (problems.length === 0) return;
  throw new AceError(
    "input",
    `Cannot scatter: the mapper makes ${problems.length} destination${problems.length === 1 ? "" : "s"} that are no image references`,
    { details: problems, hint: "Nothing was pushed. Mend the mapper; --check shows what it makes." },
  );
}

function problemOf(destination: string): string | undefined {
  try {
    parseReference(destination);
    return undefined;
  } catch (error) {
    if (error instanceof AceError) return error.message.replace(/^.*: /, "");
    throw error;
  }
}
