/** Verifies a blob in the window while another thread receives it: for one big blob, receiving and hashing take two cores. */

import { setImmediate } from "node:timers/promises";
import { digestAlgorithm, hasherFor } from "../../oci/digest.ts";
import { OutgoingWindow } from "../../tape/window/outgoing-window.ts";
import type { Window } from "../../tape/window/window.ts";
import type { HashJob } from "../jobs.ts";
import { corrupted } from "./fetch-into-window.ts";
import type { WorkerContext } from "./worker-context.ts";

/** Hashed at a time, in bytes: half a millisecond, for which this thread's sockets wait. */
const stepBytes = 1024 * 1024;

/** How long to sleep at most before looking whether the window was aborted. */
const lookAgainMs = 1000;

/**
 * Follows what the fetch job of the same segment receives, shows it to the writer, and completes the segment once the digest is
 * right; the writer never gets the last byte before that.
 * @throws AceError `digest` naming both digests; the first cause when the window is aborted
 */
export async function hashInWindow(job: HashJob<Window>, context: WorkerContext): Promise<undefined> {
  const window = OutgoingWindow.of(job.window);
  const { digest, size } = job.descriptor;
  const hasher = hasherFor(digest);
  for (let hashed = 0; hashed < size; ) {
    window.throwIfAborted();
    const seen = window.progressSignal;
    const received = window.received(job.segment) - job.offset;
    if (received === hashed) {
      await window.waitForProgress(seen, lookAgainMs);
      continue;
    }
    const view = window.view(job.offset + hashed, Math.min(received - hashed, stepBytes));
    hasher.update(view);
    hashed += view.length;
    window.fill(job.segment, job.offset + Math.min(hashed, size - 1));
    await setImmediate();
  }
  const actual = `${digestAlgorithm(digest)}:${hasher.digest("hex")}`;
  if (actual !== digest) throw corrupted(job, context.client.repository(job.source).name, actual);
  window.fill(job.segment, job.offset + size);
}
