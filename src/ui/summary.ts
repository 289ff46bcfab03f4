/** The closing line of a run. */
import { formatBytes, formatRate, formatSeconds } from "./format.ts";

/** What a run did, whole. */
export interface RunSummary {
  /** `gather`, `serialize`, ... */
  verb: string;
  images: number;
  blobs: number;
  /** Over the network or to the medium, whichever the verb is about. */
  bytesMoved: number;
  blobsSkipped: number;
  bytesSkipped: number;
  blobsMounted: number;
  bytesMounted: number;
  /** Wall time. */
  seconds: number;
  /** Lines that follow the closing line, one fact each. */
  notes?: readonly string[];
}

/** One line: images, blobs, bytes moved, skipped, mounted, seconds, MB/s. What did not happen is left out after the bytes. */
export function formatSummary(summary: RunSummary): string {
  const { verb, images, blobs, bytesMoved, seconds } = summary;
  const rate = seconds > 0 ? formatRate(bytesMoved, seconds) : undefined;
  return [
    `${verb}: ${count(images, "image")}`,
    count(blobs, "blob"),
    `${formatBytes(bytesMoved)} moved`,
    summary.blobsSkipped > 0
      ? `${count(summary.blobsSkipped, "blob")} skipped (${formatBytes(summary.bytesSkipped)})`
      : undefined,
    summary.blobsMounted > 0
      ? `${count(summary.blobsMounted, "blob")} mounted (${formatBytes(summary.bytesMounted)})`
      : undefined,
    formatSeconds(seconds),
    rate,
  ]
    .filter((part) => part !== undefined)
    .join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
