/** Jobs as they travel to a thread: the memory of windows goes along only while there are threads without it. */
import { windowName } from "./attach-window.ts";
import type { BlobPlace, Job } from "./jobs.ts";

/** @param threads of the pool */
export function nameWindows(job: Job, threads: number): Job {
  switch (job.kind) {
    case "fetch":
    case "hash":
      return { ...job, window: windowName(job.window, "blobs", threads) };
    case "upload":
    case "verify":
    case "keep":
      return { ...job, place: nameWindow(job.place, threads) };
    case "digest":
      return {
        ...job,
        blobs: job.blobs.map((blob) => ({ ...blob, place: nameWindow(blob.place, threads) })),
      };
    case "copy":
      return job;
  }
}

function nameWindow(place: BlobPlace, threads: number): BlobPlace {
  return place.kind === "window" ? { ...place, window: windowName(place.window, "blobs", threads) } : place;
}
