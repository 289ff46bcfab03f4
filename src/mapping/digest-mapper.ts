/** The mapper that goes by an image's digest. */
import { AceError } from "../errors.ts";
import { isDigest } from "../oci/digest.ts";
import type { Mapper } from "./mapper.ts";
import type { Row } from "./read-rows.ts";

/**
 * Every row with the image's digest. A destination may end in a slash, as in the guide's example.
 * @throws AceError `input` for a first column that is no digest; a heading in the first row is let through
 */
export function digestMapper(rows: readonly Row[], file: string): Mapper {
  const bad = rows.find((row, index) => !isDigest(row.from) && !(index === 0 && /^\w*$/.test(row.from)));
  if (bad !== undefined) {
    throw new AceError(
      "input",
      `Cannot read mapping ${file}:${bad.line}: ${JSON.stringify(bad.from)} is no digest`,
      {
        hint: "Write digest,destination, as in sha256:...,reg.example.com/team/image:1.0.",
      },
    );
  }
  return {
    kind: "digests",
    destinations: (descriptor) => [
      ...new Set(
        rows.filter((row) => row.from === descriptor.digest).map((row) => row.to.replace(/\/+$/, "")),
      ),
    ],
  };
}
