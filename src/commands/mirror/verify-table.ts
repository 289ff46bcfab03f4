/** How the faults of archives are printed, and what is said when there are none. */

import type { ArchiveFault } from "../../archive/read/archive-faults.ts";
import { AceError } from "../../errors.ts";
import type { VerifyResult } from "../../mirror/verify.ts";
import { formatBytes, formatRate, formatSeconds, shortDigest } from "../../ui/format.ts";
import type { Column } from "../../ui/table.ts";

/** One row a fault. */
export const faultColumns: readonly Column<ArchiveFault>[] = [
  { key: "fault", value: ({ fault }) => fault },
  { key: "archive", value: ({ archive }) => archive, long: true },
  { key: "offset", title: "BYTE", value: ({ offset }) => offset ?? null, right: true },
  {
    key: "digest",
    value: ({ digest }) => digest ?? null,
    short: ({ digest }) => (digest === undefined ? "" : shortDigest(digest)),
  },
  { key: "image", value: ({ image }) => image ?? null, long: true },
  { key: "message", title: "WHAT IS WRONG", value: ({ message }) => message, long: true },
];

/** The error that a run with faults ends with. @param isShown true when standard output has them already */
export function faultsError(
  faults: readonly ArchiveFault[],
  archives: readonly string[],
  isShown: boolean,
): AceError {
  const count = faults.length === 1 ? "there is a fault" : `there are ${faults.length} faults`;
  const [first = ""] = archives;
  const what = archives.length === 1 ? first : `${first} and the other parts`;
  return new AceError("archive", `Cannot vouch for ${what}: ${count} in it`, {
    details: isShown ? [] : faults.map(formatFault),
    hint: "Copy what is damaged again, and give all parts of a set; ace-dt mirror verify has a page in the documentation.",
  });
}

/** A fault as one line. */
export function formatFault({ fault, archive, offset, digest, image, message }: ArchiveFault): string {
  const where = [
    archive,
    offset === undefined ? undefined : `at byte ${offset}`,
    digest,
    image === undefined ? undefined : `of ${image}`,
  ];
  return `${fault}: ${where.filter((part) => part !== undefined).join(" ")}: ${message}`;
}

/** One line for archives that are whole and right. */
export function verifySummary(result: VerifyResult, archives: number): string {
  const { images, blobs, bytes, seconds, leftOut } = result;
  const rate = seconds > 0 ? `, ${formatRate(bytes, seconds)}` : "";
  const left =
    leftOut.blobs > 0 ? `; left out: ${count(leftOut.blobs, "blob")} (${formatBytes(leftOut.bytes)})` : "";
  const parts = [
    count(archives, "archive"),
    count(images, "image"),
    count(blobs, "blob"),
    formatBytes(bytes),
  ];
  return `verify: ${parts.join(", ")}, ${formatSeconds(seconds)}${rate}; no fault${left}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
