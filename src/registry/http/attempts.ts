/** Trying again: how often, after which waits, after which failures. */
import { AceError } from "../../errors.ts";
import { headerOf, type Reply } from "./exchange.ts";
import { CutAnswerError, codeOf, networkError } from "./failures.ts";
import type { HostGates } from "./gates.ts";
import { describeReply, problemsOf } from "./problems.ts";
import { type Signals, sleep } from "./stop.ts";

/** Tries in all, the first one included. */
export const triesLimit = 6;

// 0.1, 0.4, 1.6, 6.4 and 15 s: a dropped keep-alive connection costs nothing, a registry's restart is sat out.
const firstWaitMs = 100;
const waitFactor = 4;
const waitLimitMs = 15_000;

/** Half the wait is fixed and half is chance, so that many threads do not come back at the same moment. */
const jitterShare = 0.5;

/** Longest Retry-After that is obeyed; a host that wants more is asked again then: an operator who waits wants to hear something. */
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

/**
 * True for an answer that should hold JSON, does not announce its length, and holds too little: a proxy ends its own answer well when
 * the registry behind it breaks off. An answer of the announced length is whole, whatever it holds.
 * @param leastBytes what is known of the length from elsewhere
 */
export function isCut(reply: Reply, leastBytes = 0): boolean {
  if (reply.status !== 200 || reply.truncated || headerOf(reply.headers, "content-length") !== undefined)
    return false;
  if (reply.body.length < leastBytes) return true;
  const text = new TextDecoder().decode(reply.body).trim();
  // A web page is no JSON that was cut.
  if (text !== "" && !/^[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

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

  /**
   * Does one request until it works, or until failing again is certain or likely. The last answer is returned, whatever its status.
   * @param isCut tells of an answer that came to a good end and yet is not whole
   * @throws AceError `network` when the tries ended without a whole answer; what `attempt` throws as AceError
   */
  async run(attempt: () => Promise<Reply>, isCut: (reply: Reply) => boolean = () => false): Promise<Reply> {
    for (;;) {
      let setback: Setback;
      try {
        const reply = await attempt();
        const whole = !isCut(reply);
        if (whole && reply.status < 400) return reply;
        setback = whole ? { reply } : { error: new CutAnswerError() };
      } catch (error) {
        if (error instanceof AceError) throw error;
        setback = { error };
      }
      if (await this.again(setback)) continue;
      if ("reply" in setback) return setback.reply;
      throw this.failure(setback.error);
    }
  }

  /** The error when nobody answered, or nobody to the end. */
  failure(error: unknown): AceError {
    return networkError(this.#context.origin, this.#subject, error, this.#used);
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

// RFC 9110 section 15 and RFC 6585; 499 (nginx) and 522 (Cloudflare) are what proxies in front of a registry say.
const transientStatus = new Set([408, 425, 429, 499, 500, 502, 503, 504, 522]);

/**
 * Codes in a 500 that say nothing about the request. Any other code is a verdict that asking again does not change: docker-registry
 * answers 500 to a manifest whose blobs are missing.
 */
const unspecific = new Set(["", "UNKNOWN", "UNAVAILABLE", "TOOMANYREQUESTS", "INTERNAL_ERROR", "INTERNAL"]);

const transientErrors = new Set([
  "ANSWER_CUT",
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNRESET",
  // Others close theirs; the name server's answer may be for want of a file too.
  "EMFILE",
  "ENFILE",
  "EPIPE",
  "ESERVFAIL",
  "ETIMEDOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_INFO",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_SOCKET",
]);

/** Nobody is there: worth a wait only when somebody was there before. */
const absentErrors = new Set(["ECONNREFUSED", "EHOSTDOWN", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND"]);

/** True for an answer that a later try may not get. */
export function isTransientReply(reply: Reply): boolean {
  if (!transientStatus.has(reply.status)) return false;
  return reply.status !== 500 || problemsOf(reply).every(({ code }) => unspecific.has(code));
}

/**
 * True for a network failure that a later try may not meet.
 * @param hostAnsweredBefore makes a refused connection a restart instead of a wrong address
 */
export function isTransientError(error: unknown, hostAnsweredBefore: boolean): boolean {
  if (error instanceof AceError) return false;
  const code = codeOf(error);
  if (code === undefined) return false;
  return transientErrors.has(code) || (hostAnsweredBefore && absentErrors.has(code));
}

/**
 * Milliseconds of a Retry-After, in either of its forms (RFC 9110 section 10.2.3); undefined without one. A date is taken by the
 * clock of the server, which its answer tells (section 6.6.1): ours may differ.
 */
export function retryAfterMs(reply: Reply): number | undefined {
  const value = headerOf(reply.headers, "retry-after")?.trim();
  if (value === undefined || value === "") return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  if (Number.isNaN(date)) return undefined;
  const serverMs = Date.parse(headerOf(reply.headers, "date") ?? "");
  return Math.max(0, date - (Number.isNaN(serverMs) ? Date.now() : serverMs));
}
