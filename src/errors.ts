/** The one error class of the program, its closed sets of codes and of advice, the exit code of each code, and the system's errors in words. */

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

/**
 * What an operator can do, as data. The rooms below the commands know no flags: they throw one of these, and `commands/advice-words.ts`
 * says it in the flags of the command that was given, or leaves it out where that command has no such way.
 */
export type Advice =
  /** The destination is there and is to stay. */
  | { kind: "keep-or-replace"; written: "file" | "volumes" }
  /** What is there cannot be gone on with. */
  | { kind: "replace"; written: "file" | "volumes" }
  /** How a run that ended goes on: on what medium, and with which token when a fresh tape comes next. */
  | { kind: "go-on"; where: "tapes" | "file" | "volumes"; token?: string | undefined }
  /** What is good on the medium counts, and the rest goes to a new file. */
  | { kind: "new-file"; checkpoint: string; goodBytes: number }
  /** The same, where nobody knows yet how much is good. */
  | { kind: "second-part" }
  /** The other images are still to do. */
  | { kind: "other-images" }
  | { kind: "checkpoint-of-first-run" }
  | { kind: "flags-of-first-run" }
  | { kind: "block-size-of-first-run" }
  /** The tape holds no volume 1: it may be a later one, or what is there may go. */
  | { kind: "later-volume"; name: string }
  /** A block that the drive takes, in bytes. */
  | { kind: "smaller-blocks"; bytes: number }
  | { kind: "block-size-as-written" }
  | { kind: "smaller-buffer" }
  | { kind: "larger-chunks" }
  | { kind: "volumes-wanted" }
  | { kind: "smaller-volumes" }
  | { kind: "elsewhere-on-tape"; name: string }
  | { kind: "behind-or-over" }
  | { kind: "overwrite-checkpoint" }
  /** Of a batch: the records of what was written, and of what was read, need not be in its directory. */
  | { kind: "tracker-elsewhere" }
  | { kind: "sync-elsewhere" }
  /** Where the embedded registry keeps what it is given. */
  | { kind: "registry-directory" }
  | { kind: "any-order" }
  | { kind: "keep-platforms-together" }
  | { kind: "rebuild-index" }
  | { kind: "list-destinations"; unsaid: number }
  | { kind: "mend-mapper" };

/** An option of a run, by the name of the flag that stands for it where a command has one. */
export type OptionName =
  | "annotations"
  | "block-size"
  | "buffer-size"
  | "position"
  | "resume-volume"
  | "verify"
  | "volume-change"
  | "volume-size";

/** What an {@link AceError} may carry beside its message. */
export interface AceErrorOptions {
  cause?: unknown;
  /** One sentence that tells the operator what to do; printed on a line of its own. */
  hint?: string | Advice;
  /** Lines that follow the message, one fact each (missing blobs, failed images). */
  details?: readonly (string | Advice)[];
  /** The option that is refused: the message begins with `Cannot use OPTION`. Made by {@link refusedOption}. */
  option?: OptionName;
  /** What cannot be read, and why, for whoever lists several such things. Made by {@link cannotRead}. */
  unreadable?: { object: string; state: string };
  /**
   * Digest of a blob that came out wrong when a part of it may be on the medium already: it may be fetched again by whoever can cut that
   * part off.
   */
  begunBlob?: string;
}

/** Every error that leaves a room. Message form: `Cannot <act> <object>: <state>`, never with a secret and never with a flag in it. */
export class AceError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | Advice | undefined;
  readonly details: readonly (string | Advice)[];
  readonly option: OptionName | undefined;
  readonly unreadable: AceErrorOptions["unreadable"] | undefined;
  readonly begunBlob: string | undefined;

  constructor(code: ErrorCode, message: string, options: AceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AceError";
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? [];
    this.option = options.option;
    this.unreadable = options.unreadable;
    this.begunBlob = options.begunBlob;
  }

  /** The same error with more facts behind its message. */
  withDetails(...facts: readonly (string | Advice)[]): AceError {
    const { code, message, ...options } = toErrorData(this);
    return new AceError(code, message, {
      ...options,
      cause: this.cause,
      details: [...this.details, ...facts],
    });
  }
}

/**
 * Refuses an option of the run: `Cannot use OPTION: WHY`, where a command that has the flag writes `--OPTION`.
 * @param value stands behind the option's name
 */
export function refusedOption(
  option: OptionName,
  why: string,
  { value, ...options }: Omit<AceErrorOptions, "option"> & { value?: string | number } = {},
): AceError {
  const what = value === undefined ? option : `${option} ${value}`;
  return new AceError("usage", `Cannot use ${what}: ${why}`, { ...options, option });
}

/** The error `Cannot read OBJECT: STATE`. */
export function cannotRead(
  code: ErrorCode,
  object: string,
  state: string,
  options: Omit<AceErrorOptions, "unreadable"> = {},
): AceError {
  return new AceError(code, `Cannot read ${object}: ${state}`, { ...options, unreadable: { object, state } });
}

/** An {@link AceError} as plain data, for the way across a thread boundary (structured clone drops subclasses). */
export interface ErrorData extends Omit<AceErrorOptions, "cause"> {
  code: ErrorCode;
  message: string;
}

/** Turns anything thrown into plain data; whatever is no {@link AceError} becomes `internal`. */
export function toErrorData(error: unknown): ErrorData {
  if (!(error instanceof AceError)) return { code: "internal", message: messageOf(error) };
  const { code, message, hint, details, option, unreadable, begunBlob } = error;
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(details.length === 0 ? {} : { details }),
    ...(option === undefined ? {} : { option }),
    ...(unreadable === undefined ? {} : { unreadable }),
    ...(begunBlob === undefined ? {} : { begunBlob }),
  };
}

/** The inverse of {@link toErrorData}. */
export function fromErrorData({ code, message, ...options }: ErrorData): AceError {
  return new AceError(code, message, options);
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

/** What the system's error names say of a file, a directory or a device that is the object of a message. */
const systemStates: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBUSY: "another program has the device open",
  EDQUOT: "the disk quota is used up",
  EEXIST: "the file exists already",
  EFBIG: "the file would be larger than the system allows",
  EIO: "input/output error",
  EISDIR: "it is a directory",
  ELOOP: "its path has too many symbolic links",
  EMFILE: "too many files are open in this process",
  ENAMETOOLONG: "the name is too long",
  ENFILE: "too many files are open on this machine",
  ENODEV: "no such device",
  ENOENT: "no such file",
  ENOMEDIUM: "there is no tape in the drive",
  ENOMEM: "the system has no memory left",
  ENOSPC: "no space left on it",
  ENOTDIR: "a part of its path is not a directory",
  ENXIO: "no such device",
  EPERM: "permission denied",
  EPIPE: "nobody reads from the pipe any more",
  EROFS: "it is on a read-only file system",
  ETXTBSY: "it is a program that runs",
};

/** What ENOENT means for a file that is to be made. */
export const newFileStates = { ENOENT: "its directory does not exist" } as const;

/** What a directory lacks: the system says EEXIST and ENOTDIR when a file has its name. */
export const directoryStates = {
  ENOENT: "no such directory",
  EEXIST: "it is not a directory",
  ENOTDIR: "it is not a directory",
} as const;

/**
 * The state in a message, from what the system said: `permission denied`. The error's own text when the system's name is not known.
 * @param own what a name means at this place, where that is more than the general words
 */
export function systemState(cause: unknown, own: Readonly<Record<string, string>> = {}): string {
  const code = systemCodeOf(cause) ?? "";
  return own[code] ?? systemStates[code] ?? messageOf(cause);
}
