/** Which jobs run and which wait: no more have connections at a time than can all go on. */

import { Limiter } from "../async/limiter.ts";
import type { RepositoryAddress } from "../registry/settings.ts";
import type { CopyJob, Job } from "./jobs.ts";

/** Jobs without connections that a thread has at a time: while one waits for its file or its window, others go on. */
const readingAtOnce = 4;

/** A blob up to this is in memory before its upload begins, so that the two never hold connections at the same time. Bytes. */
export const wholeBytes = 1024 * 1024;

/**
 * Jobs with connections are as many as a host may have connections, and each holds one to a host at a time. They start in the order
 * in which they are given, so the blob that a window waits for is among those that run, and there is a connection for it.
 *
 * A larger copy holds two: one that it reads from, and the upload's, which waits for what is read. There is always one copy fewer
 * than connections, so that some copy can read; within one host there are half as many, so that all can.
 */
export class Turns {
  readonly #connecting: Limiter;
  readonly #copying: Limiter;
  readonly #copyingWithin: Limiter;
  readonly #reading: Limiter;

  /** @param connections to one host */
  constructor(connections: number, threads: number) {
    this.#connecting = new Limiter(connections);
    this.#copying = new Limiter(Math.max(1, connections - 1));
    this.#copyingWithin = new Limiter(Math.max(1, Math.floor(connections / 2)));
    this.#reading = new Limiter(threads * readingAtOnce);
  }

  /** Performs a job in its turn. A hash job takes none: its fetch job waits for it. */
  run<Result>(job: Job, perform: () => Promise<Result>): Promise<Result> {
    switch (job.kind) {
      case "fetch":
      case "upload":
        return this.#connecting.run(perform);
      case "copy":
        return this.#copy(job, perform);
      case "verify":
      case "keep":
      case "digest":
        return this.#reading.run(perform);
      case "hash":
        return perform();
    }
  }

  #copy<Result>(job: CopyJob, perform: () => Promise<Result>): Promise<Result> {
    const connecting = () => this.#connecting.run(perform);
    if (job.descriptor.size <= wholeBytes) return connecting();
    const copying = () => this.#copying.run(connecting);
    const isWithin = job.targets.some((target) => isOneHost(job.source, target));
    return isWithin ? this.#copyingWithin.run(copying) : copying();
  }
}

/** True when a blob of one repository may be read at the host where the other one's uploads go. */
export function isOneHost(source: RepositoryAddress, target: RepositoryAddress): boolean {
  const host = uploadHost(target);
  return source.settings.endpoints.some(({ url }) => URL.parse(url)?.origin === host);
}

/** The origin that uploads to a repository go to. */
export function uploadHost({ settings }: RepositoryAddress): string | undefined {
  const [first] = settings.endpoints;
  return first && URL.parse(first.url)?.origin;
}
