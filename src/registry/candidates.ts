/** Which endpoints a thing is still asked of: the one rule for endpoints that fail, and for bytes that are not the ones of their digest. */
import { AceError } from "../errors.ts";
import type { RepositoryAtEndpoint } from "./repository-at-endpoint.ts";

/** An endpoint whose bytes were wrong so often is not asked again: one flipped bit passes, a damaged copy stays damaged. */
const wrongLimit = 2;

/**
 * The endpoints for one thing that is fetched, in order. One that is unreachable or has no such thing is asked no more; one that gave
 * wrong bytes once more. What is wrong with bytes shows itself as an AceError `digest`.
 */
export class Candidates {
  /** Those that may be asked. */
  readonly #open: RepositoryAtEndpoint[];
  readonly #wrong = new Map<RepositoryAtEndpoint, number>();
  /** Who was asked since bytes were last found wrong. */
  readonly #asked = new Set<RepositoryAtEndpoint>();
  /** One for each endpoint that is asked no more. */
  readonly #failures: AceError[] = [];

  constructor(endpoints: readonly RepositoryAtEndpoint[]) {
    this.#open = [...endpoints];
  }

  /** Who is asked first now. */
  get current(): RepositoryAtEndpoint | undefined {
    return this.#open[0];
  }

  /**
   * Asks one endpoint after the other until one has an answer.
   * @throws AceError of the first endpoint, with what the others said as details
   */
  async ask<T>(ask: (at: RepositoryAtEndpoint) => Promise<T>): Promise<T> {
    for (let at = this.#open[0]; at !== undefined; at = this.#open[0]) {
      this.#asked.add(at);
      try {
        return await ask(at);
      } catch (error) {
        if (!(error instanceof AceError)) throw error;
        if (error.code === "digest") this.#blame(at, error);
        else if (error.code === "network" || error.code === "not-found") this.#drop(at, error);
        else throw error;
      }
    }
    throw this.error;
  }

  /**
   * To be told when what {@link ask} brought turns out to be wrong, although no endpoint said so.
   * @param error `digest`, with what came in place of what was wanted
   * @returns true when it is to be fetched again; {@link error} has the reason when not
   */
  fetchAgain(error: AceError): boolean {
    for (const at of [...this.#asked]) this.#blame(at, error);
    return this.#open.length > 0;
  }

  /** Why nobody is asked any more. */
  get error(): AceError {
    const [first, ...others] = this.#failures;
    if (first === undefined) return new AceError("internal", "Cannot ask a registry without endpoints");
    if (others.length === 0) return first;
    return new AceError(first.code, first.message, {
      cause: first,
      details: others.map((other) => other.message),
      ...(first.hint === undefined ? {} : { hint: first.hint }),
    });
  }

  #blame(at: RepositoryAtEndpoint, error: AceError): void {
    this.#asked.delete(at);
    const times = (this.#wrong.get(at) ?? 0) + 1;
    this.#wrong.set(at, times);
    if (times >= wrongLimit) this.#drop(at, error);
    else at.endpoint.notice("warn", `${error.message} (${at.endpoint.origin}): fetching it again`);
  }

  #drop(at: RepositoryAtEndpoint, error: AceError): void {
    const place = this.#open.indexOf(at);
    if (place < 0) return;
    this.#open.splice(place, 1);
    this.#asked.delete(at);
    this.#failures.push(error);
    const next = this.#open[0];
    if (next === undefined) return;
    const level = error.code === "digest" ? "warn" : "info";
    at.endpoint.notice(
      level,
      `${error.message} (${at.endpoint.origin}); asking the next endpoint, ${next.endpoint.origin}`,
    );
  }
}
