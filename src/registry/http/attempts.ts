/** The count of tries for one piece of work, and the waits between them. */

import type { Reply } from "./exchange.ts";
import type { HostGates } from "./gates.ts";
import { describeReply } from "./problems.ts";
import { type Signals, sleep } from "./stop.ts";
import { codeOf, isTransientError, isTransientReply, retryAfterMs } from "./transient.ts";

/** Tries in all, the first one included. */
export const triesLimit = 6;

// 0.1, 0.4, 1.6, 6.4 and 15 s: a dropped keep-alive connection costs nothing, a registry's restart is sat out.
const firstWaitMs = 100;
const waitFactor = 4;
const waitLimitMs = 15_000;

/** Half the wait is fixed and half is chance, so that many threads do not come back at the same moment. */
const jitterShare = 0.5;

/** Longest Retry-After that is obeyed (design X2); a host that wants more is asked again then. */
const retryAfterLimitMs = 10 * 60 * 1000;

/** A wait shorter than this is not worth a line to the user. */
const worthTellingMs = 1000;

/** Where an {@link Attempts} works. */
export interface AttemptContext {
  gates: HostGates;
  /** The endpoint's origin, whose gate a Retry-After closes. */
  origin: string;
  notice: (level: "warn" | "info" | "debug", text: string) => void;
}

/** What went wrong with one try: an answer, or no answer. */
export type Setback = { reply: Reply } | { error: unknown };

/** Counts the tries of one piece of work. */
export class Attempts {
  readonly #context: AttemptContext;
  readonly #subject: string;
  readonly #signals: Signals;
  #used = 0;

  /** @param subject the work in messages, as in `blob sha256:... of host/name` */
  constructor(context: AttemptContext, subject: string, signals: Signals) {
    this.#context = context;
    this.#subject = subject;
    this.#signals = signals;
  }

  /** Tries that failed so far. */
  get used(): number {
    return this.#used;
  }

  /** Forgets the failures: there was progress. */
  reset(): void {
    this.#used = 0;
  }

  /**
   * Waits for the next try. False when another try is pointless, or when they are used up.
   * @throws AceError when a signal fires during the wait
   */
  async again(setback: Setback): Promise<boolean> {
    this.#used++;
    const { gates } = this.#context;
    // The host that answered, which a redirect may have made another one.
    const origin = "reply" in setback ? setback.reply.url.origin : this.#context.origin;
    const transient =
      "reply" in setback
        ? isTransientReply(setback.reply)
        : isTransientError(setback.error, gates.hasAnswered(origin));
    if (!transient || this.#used >= triesLimit) return false;
    const ownWaitMs = backoffMs(this.#used);
    const askedMs = "reply" in setback ? retryAfterMs(setback.reply) : undefined;
    const tooMany = "reply" in setback && setback.reply.status === 429;
    if (askedMs === undefined && !tooMany) {
      this.#tell(setback, ownWaitMs, "");
      await sleep(ownWaitMs, this.#signals);
      return true;
    }
    // The whole host waits, on every thread; the request waits at the gate like everybody else.
    const waitMs = Math.min(askedMs ?? ownWaitMs, retryAfterLimitMs);
    gates.hold(origin, waitMs);
    const capped = askedMs !== undefined && askedMs > retryAfterLimitMs;
    this.#tell(setback, waitMs, capped ? `, although it asks for ${Math.ceil(askedMs / 1000)} s` : "");
    return true;
  }

  #tell(setback: Setback, waitMs: number, remark: string): void {
    const what = "reply" in setback ? describeReply(setback.reply) : nameOf(setback.error);
    const seconds = (waitMs / 1000).toFixed(waitMs < 10_000 ? 1 : 0);
    this.#context.notice(
      waitMs >= worthTellingMs ? "warn" : "debug",
      `${this.#subject}: ${what} from ${this.#context.origin}; try ${this.#used + 1} of ${triesLimit} in ${seconds} s${remark}`,
    );
  }
}

function nameOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.name : "nothing");
}

function backoffMs(used: number): number {
  const full = Math.min(firstWaitMs * waitFactor ** (used - 1), waitLimitMs);
  return full * (1 - jitterShare + jitterShare * Math.random());
}
