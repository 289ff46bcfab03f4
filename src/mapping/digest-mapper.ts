/** The mapper that goes by an image's digest. */
import { badRows, type RowProblem } from "../csv.ts";
import { isDigest } from "../oci/digest.ts";
import { parseReference } from "../oci/reference.ts";
import type { Mapper } from "./mapper.ts";
import type { Row } from "./read-rows.ts";

/**
 * Every row with the image's digest. A destination that ends in a slash is a place to put the image in: the path and tag of its
 * source come behind it, as in the guide's example (to the original it is no reference).
 * @throws AceError `input` that tells all the rows whose first column is no digest or whose second is empty; a heading in the
 *   first row is let through, and an empty first column never matches
 */
export function digestMapper(rows: readonly Row[], file: string): Mapper {
  const problems = rows.flatMap((row, index) => (isHeading(row, index) ? [] : problemsOf(row)));
  if (problems.length > 0) {
    throw badRows(problems, {
      ...{ what: "mapping", file },
      hint: "Write digest,destination, as in sha256:...,reg.example.com/team/image:1.0.",
    });
  }
  return {
    kind: "digests",
    destinations: (descriptor, source) => [
      ...new Set(
        rows
          .filter((row) => row.from === descriptor.digest)
          .map(({ to }) => (to.endsWith("/") ? to + pathOf(source) : to)),
      ),
    ],
  };
}

function isHeading(row: Row, index: number): boolean {
  return index === 0 && /^\w+$/.test(row.from);
}

function problemsOf({ from, to, line }: Row): RowProblem[] {
  if (from === "") return [];
  if (!isDigest(from)) return [{ line, why: `${JSON.stringify(from)} is no digest` }];
  return to === "" ? [{ line, why: "the second column is empty" }] : [];
}

/** Repository and tag. The digest is left out: it is the one that the row names. */
function pathOf(source: string): string {
  const { repository, tag } = parseReference(source);
  return tag === undefined ? repository : `${repository}:${tag}`;
}
