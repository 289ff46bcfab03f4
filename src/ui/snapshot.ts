/** A run's figures at one moment, and the lines that show them. */
import { formatBytes, formatSeconds } from "./format.ts";
import type { RunStatus, VolumeFigures } from "./status.ts";

/** The figures of a {@link RunStatus} that are plain values. */
type PlainFigures = {
  [Name in keyof RunStatus as RunStatus[Name] extends () => unknown ? never : Name]: RunStatus[Name];
};

/** A {@link RunStatus} with its functions called. Survives JSON. */
export interface Snapshot extends PlainFigures {
  bytesMoved: number;
  inFlight?: number;
  /** 0 to 1. */
  windowFill?: number;
  volumes?: VolumeFigures;
  /** Smoothed. */
  bytesPerSecond: number;
  /** Undefined while there is no total or no rate to reckon with. */
  secondsLeft?: number;
}

/** Time over which the shown rate forgets: a tape that stops for a second should not make it jump. */
const memorySeconds = 5;

/** A rate that follows the truth slowly: an average whose weights fall off exponentially with age. */
export class RateMeter {
  #bytes = 0;
  #atMs: number | undefined;
  #rate = 0;
  #weight = 0;

  /**
   * Takes the running total.
   * @param nowMs of a clock that only goes forward
   * @returns bytes per second
   */
  update(bytes: number, nowMs: number): number {
    if (this.#atMs === undefined) {
      this.#bytes = bytes;
      this.#atMs = nowMs;
      return 0;
    }
    const seconds = (nowMs - this.#atMs) / 1000;
    if (seconds > 0) {
      const keep = Math.exp(-seconds / memorySeconds);
      this.#rate = this.#rate * keep + ((bytes - this.#bytes) / seconds) * (1 - keep);
      this.#weight = this.#weight * keep + (1 - keep);
      this.#bytes = bytes;
      this.#atMs = nowMs;
    }
    // Divided by the weight, the first seconds are not drawn towards zero.
    return this.#weight > 0 ? this.#rate / this.#weight : 0;
  }
}

/** Reads a status. `bytesTotal` counts only what is to be moved: skipped and mounted bytes are not in it. */
export function takeSnapshot(status: RunStatus, rate: RateMeter, nowMs: number): Snapshot {
  const { phase, imagesDone, imagesTotal, blobsDone, blobsTotal, blobsSkipped, blobsMounted } = status;
  const { bytesTotal, bytesSkipped, bytesMounted } = status;
  const bytesMoved = status.bytesMoved();
  const bytesPerSecond = Math.max(0, rate.update(bytesMoved, nowMs));
  const windowFill = status.windowFill();
  const volumes = status.volumes();
  const inFlight = status.inFlight();
  const left = bytesTotal - bytesMoved;
  return {
    ...{ phase, imagesDone, imagesTotal, blobsDone, blobsTotal, blobsSkipped, blobsMounted },
    ...{ bytesTotal, bytesSkipped, bytesMounted, bytesMoved, bytesPerSecond },
    ...(inFlight === undefined ? {} : { inFlight }),
    ...(windowFill === undefined ? {} : { windowFill }),
    ...(volumes === undefined ? {} : { volumes }),
    ...(left > 0 && bytesPerSecond >= 1 ? { secondsLeft: left / bytesPerSecond } : {}),
  };
}

/** All of a snapshot in one line of ASCII, the most wanted first, since a terminal cuts the end off. */
export function formatSnapshot(snapshot: Snapshot): string {
  const { bytesMoved, bytesTotal, bytesPerSecond, secondsLeft, windowFill, inFlight, volumes } = snapshot;
  const percent = bytesTotal > 0 ? Math.min(100, Math.floor((bytesMoved / bytesTotal) * 100)) : undefined;
  const parts = [
    snapshot.phase,
    percent === undefined
      ? formatBytes(bytesMoved)
      : `${formatBytes(bytesMoved)} / ${formatBytes(bytesTotal)} ${percent}%`,
    `${formatBytes(bytesPerSecond)}/s`,
    secondsLeft === undefined ? undefined : `${formatSeconds(secondsLeft)} left`,
    windowFill === undefined ? undefined : `window ${Math.round(windowFill * 100)}%`,
    ...volumeParts(volumes),
    inFlight === undefined ? undefined : `${inFlight} in flight`,
    progress("images", snapshot.imagesDone, snapshot.imagesTotal),
    progress("blobs", snapshot.blobsDone, snapshot.blobsTotal),
    snapshot.blobsSkipped > 0 ? `${snapshot.blobsSkipped} skipped` : undefined,
    snapshot.blobsMounted > 0 ? `${snapshot.blobsMounted} mounted` : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(" | ");
}

function volumeParts(volumes: VolumeFigures | undefined): string[] {
  if (volumes === undefined) return [];
  const { volume, underruns, used } = volumes;
  return [
    `volume ${volume}${used === undefined ? "" : ` tape ${Math.round(used * 100)}%`}`,
    `${underruns} ${underruns === 1 ? "underrun" : "underruns"}`,
  ];
}

function progress(noun: string, done: number, total: number): string | undefined {
  if (done === 0 && total === 0) return undefined;
  return total > 0 ? `${done}/${total} ${noun}` : `${done} ${noun}`;
}
