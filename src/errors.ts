/** The one error class of the program, its closed set of codes, and the exit code that each class of code ends in. */

/**
 * What went wrong, as a class a script can act on. `docs/exit-codes.md` is the same table for people.
 *
 * - `usage` wrong arguments; `config` the configuration file; `input` a file the user gave (sources, mapper, CSV)
 * - `denied` 401 and 403; `not-found` the registry has no such thing; `registry` an answer that breaks the protocol
 * - `network` nobody answered, or the retries are used up
 * - `digest` bytes that do not match their descriptor; `archive` a damaged or incomplete archive
 * - `medium` full, I/O error, not a tape; `partial` some images failed, the others are done
 * - `stopped` a signal ended the run; `internal` a fault of this program
 */
export type ErrorCode =
  | "usage"
  | "config"
  | "input"
  | "denied"
  | "not-found"
  | "registry"
  | "network"
  | "digest"
  | "archive"
  | "medium"
  | "partial"
  | "stopped"
  | "internal";

const exitCodes: Record<ErrorCode, number> = {
  partial: 1,
  usage: 2,
  config: 3,
  input: 3,
  denied: 4,
  "not-found": 5,
  registry: 5,
  network: 5,
  digest: 6,
  archive: 6,
  medium: 7,
  stopped: 130,
  internal: 70,
};

/** What an {@link AceError} may carry beside its message. */
export interface AceErrorOptions {
  cause?: unknown;
  /** One sentence that tells the operator what to do; printed on a line of its own. */
  hint?: string;
  /** Lines that follow the message, one fact each (missing blobs, failed images). */
  details?: readonly string[];
}

/** Every error that leaves a room. Message form: `Cannot <act> <object>: <state>`, never with a secret in it. */
export class AceError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(code: ErrorCode, message: string, options: AceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AceError";
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? [];
  }

  /** The same error with more facts behind its message. */
  withDetails(...facts: readonly string[]): AceError {
    return new AceError(this.code, this.message, {
      cause: this.cause,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      details: [...this.details, ...facts],
    });
  }
}

/** An {@link AceError} as plain data, for the way across a thread boundary (structured clone drops subclasses). */
export interface ErrorData {
  code: ErrorCode;
  message: string;
  hint?: string;
  details?: readonly string[];
}

/** Turns anything thrown into plain data; whatever is no {@link AceError} becomes `internal`. */
export function toErrorData(error: unknown): ErrorData {
  if (error instanceof AceError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.details.length === 0 ? {} : { details: error.details }),
    };
  }
  return { code: "internal", message: messageOf(error) };
}

/** The inverse of {@link toErrorData}. */
export function fromErrorData(data: ErrorData): AceError {
  return new AceError(data.code, data.message, {
    ...(data.hint === undefined ? {} : { hint: data.hint }),
    ...(data.details === undefined ? {} : { details: data.details }),
  });
}

/** The process exit code for anything thrown. 130 stands for SIGINT; SIGTERM's 143 is chosen where the signal is known. */
export function exitCodeOf(error: unknown): number {
  return error instanceof AceError ? exitCodes[error.code] : exitCodes.internal;
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's error name (`ENOSPC`, `ECONNRESET`, `UND_ERR_SOCKET`) of anything thrown, or undefined. */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
