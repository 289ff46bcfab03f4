/** What a run knows of itself while it runs: a verb writes it, the terminal or the log polls it. */

/** Live figures of the medium that volumes are written to. */
export interface VolumeFigures {
  /** The one at hand, from 1. */
  volume: number;
  /** How often the writer ran out of bytes, so that a drive had to stop. */
  underruns: number;
  /** How much of a tape is written, as a part of what such a cartridge holds without compression; undefined when that is not known. */
  used: number | undefined;
}

/** Live figures of one run. Plain numbers are set by the verb; functions read shared memory. */
export interface RunStatus {
  /** What is being done now, as a word or two: `reading manifests`, `copying blobs`. */
  phase: string;
  imagesDone: number;
  imagesTotal: number;
  blobsDone: number;
  blobsTotal: number;
  blobsSkipped: number;
  blobsMounted: number;
  /** Planned bytes; 0 while unknown. */
  bytesTotal: number;
  bytesSkipped: number;
  bytesMounted: number;
  /** Bytes moved so far, over the network or to the medium, whichever the verb is about. */
  bytesMoved: () => number;
  /** Blobs in flight now; undefined when the run has none. */
  inFlight: () => number | undefined;
  /** How full the window is, 0 to 1; undefined when the run has no window. */
  windowFill: () => number | undefined;
  /** Of what is written in volumes; undefined when nothing is. */
  volumes: () => VolumeFigures | undefined;
}

/** A status with nothing done yet. */
export function newRunStatus(): RunStatus {
  return {
    phase: "starting",
    imagesDone: 0,
    imagesTotal: 0,
    blobsDone: 0,
    blobsTotal: 0,
    blobsSkipped: 0,
    blobsMounted: 0,
    bytesTotal: 0,
    bytesSkipped: 0,
    bytesMounted: 0,
    bytesMoved: () => 0,
    inFlight: () => 0,
    windowFill: () => undefined,
    volumes: () => undefined,
  };
}
