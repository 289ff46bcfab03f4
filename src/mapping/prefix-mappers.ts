/** The mappers that replace a prefix of the source reference. */
import type { Mapper } from "./mapper.ts";
import type { Row } from "./read-rows.ts";

/** `repository/` and the source reference. */
export function nestMapper(repository: string): Mapper {
  const base = repository.replace(/\/+$/, "");
  return { kind: "nest", destinations: (_descriptor, source) => [`${base}/${source}`] };
}

/** The first row whose prefix the source has. */
export function firstPrefixMapper(rows: readonly Row[]): Mapper {
  return prefixMapper("first-prefix", rows, (matching) => matching.slice(0, 1));
}

/** Every row whose prefix the source has. */
export function allPrefixMapper(rows: readonly Row[]): Mapper {
  return prefixMapper("all-prefix", rows, (matching) => matching);
}

/** The row with the longest prefix that the source has; of equals the last. */
export function longestPrefixMapper(rows: readonly Row[]): Mapper {
  return prefixMapper("longest-prefix", rows, (matching) => {
    const longest = Math.max(...matching.map((row) => row.from.length));
    return matching.filter((row) => row.from.length === longest).slice(-1);
  });
}

function prefixMapper(
  kind: string,
  rows: readonly Row[],
  choose: (matching: readonly Row[]) => readonly Row[],
): Mapper {
  return {
    kind,
    destinations(_descriptor, source) {
      // An empty prefix never matches: it is a row that somebody forgot to fill in.
      const matching = rows.filter((row) => row.from !== "" && source.startsWith(row.from));
      return [...new Set(choose(matching).map((row) => row.to + source.slice(row.from.length)))];
    },
  };
}
