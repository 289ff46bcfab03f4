/** What the user sees of a run: progress and log on stderr, results on stdout, everything in the debug file. */
import { systemCodeOf } from "../errors.ts";
import { askLine, isTerminal } from "./ask.ts";
import { DebugLog } from "./debug-log.ts";
import { formatLog, plainText } from "./format.ts";
import { LiveLine } from "./live-line.ts";
import { formatSnapshot, RateMeter, takeSnapshot } from "./snapshot.ts";
import type { RunStatus } from "./status.ts";
import { formatSummary, type RunSummary } from "./summary.ts";

/** Levels of the log, and the verbosity from which each is shown: those of the original (docs/moving-over.md). */
export const logLevels = { error: 0, warn: 4, info: 8, debug: 12 } as const;

/** A level of the log. */
export type LogLevel = keyof typeof logLevels;

/** The user interface of one command. */
export interface Ui {
  /** Shows this run's progress from now on, instead of the one before. */
  watch(status: RunStatus): void;
  /** A line on stderr. With `-q` only errors are shown. */
  log(level: LogLevel, text: string, fields?: Record<string, unknown>): void;
  /** A result on stdout, a newline added; nothing with `-q`. */
  print(text: string): void;
  /** True when somebody sits at a terminal who can be asked. */
  readonly canAsk: boolean;
  /**
   * Asks for a line; progress rests meanwhile.
   * @returns undefined when the terminal's input ended
   * @throws the signal's reason when that fires first
   */
  ask(question: string, signal: AbortSignal): Promise<string | undefined>;
  /** A sentence on stderr beside the result; nothing with `-q`. */
  note(text: string): void;
  /** Ends the progress and prints the closing line on stderr. */
  finish(summary: RunSummary): void;
  /** Leaves the terminal clean, stops the timer, closes the debug file. May be called twice. */
  close(): void;
}

/** How often progress is shown. Milliseconds. */
export const uiIntervals = {
  /** Between two drawings on a terminal. */
  redrawMs: 200,
  /** Before the first plain line: a run that is over by then needs none. */
  firstLineMs: 2000,
  /** Between two plain lines. */
  lineMs: 5000,
  /** Between two status events in the debug file. */
  debugMs: 1000,
} as const;

/** The global flags, and for tests the streams and intervals. */
export interface UiOptions {
  quiet: boolean;
  noTerm: boolean;
  /** See {@link logLevels}. */
  verbosity: number;
  debugFile?: string | undefined;
  stdout?: NodeJS.WriteStream | undefined;
  stderr?: NodeJS.WriteStream | undefined;
  intervals?: Partial<Record<keyof typeof uiIntervals, number>> | undefined;
}

/**
 * Opens the user interface; the caller closes it.
 * @throws AceError `usage` when the debug file cannot be written
 */
export function openUi(options: UiOptions): Ui {
  return new StreamUi(options);
}

class StreamUi implements Ui {
  readonly #options: UiOptions;
  readonly #stdout: NodeJS.WriteStream;
  readonly #stderr: NodeJS.WriteStream;
  readonly #debug: DebugLog | undefined;
  readonly #intervals: Record<keyof typeof uiIntervals, number>;
  /** Undefined when progress is shown as plain lines or not at all. */
  readonly #line: LiveLine | undefined;
  #stderrIsGone = false;
  #isAsking = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #status: RunStatus | undefined;
  #rate = new RateMeter();
  #nextLineMs = 0;
  #nextDebugMs = 0;
  readonly #onExit = () => this.close();

  constructor(options: UiOptions) {
    this.#options = options;
    this.#stdout = options.stdout ?? process.stdout;
    this.#stderr = options.stderr ?? process.stderr;
    this.#intervals = { ...uiIntervals, ...options.intervals };
    this.#debug = options.debugFile === undefined ? undefined : new DebugLog(options.debugFile);
    const live = this.#stderr.isTTY && !options.noTerm && !options.quiet && process.env.TERM !== "dumb";
    this.#line = live ? new LiveLine(this.#stderr) : undefined;
    // Nobody reads stderr any more (`2>&1 | head`, a closed terminal): the run goes on without.
    this.#stderr.on("error", (error) => {
      if (!["EPIPE", "EIO", "ERR_STREAM_DESTROYED"].includes(systemCodeOf(error) ?? "")) throw error;
      this.#stderrIsGone = true;
    });
    // An exit that nobody planned still leaves the terminal clean.
    process.on("exit", this.#onExit);
  }

  watch(status: RunStatus): void {
    this.#stopTimer();
    const now = performance.now();
    this.#status = status;
    this.#rate = new RateMeter();
    this.#rate.update(status.bytesMoved(), now);
    this.#nextLineMs = now + this.#intervals.firstLineMs;
    this.#nextDebugMs = now;
    if (this.#options.quiet && this.#debug === undefined) return;
    this.#timer = setInterval(() => this.#tick(), this.#intervals.redrawMs);
    // Progress alone keeps no process alive.
    this.#timer.unref();
    this.#tick();
  }

  log(level: LogLevel, text: string, fields?: Record<string, unknown>): void {
    this.#record("log", { level, text, ...(fields === undefined ? {} : { fields }) });
    const limit = this.#options.quiet ? logLevels.error : this.#options.verbosity;
    if (logLevels[level] <= limit) this.#writeLine(formatLog(level, text, fields));
  }

  print(text: string): void {
    this.#record("print", { text });
    if (this.#options.quiet) return;
    // Both may be the same terminal.
    this.#clear();
    this.#stdout.write(`${plainText(text)}\n`);
  }

  get canAsk(): boolean {
    return isTerminal(this.#stderr);
  }

  async ask(question: string, signal: AbortSignal): Promise<string | undefined> {
    this.#record("ask", { question });
    this.#clear();
    this.#isAsking = true;
    try {
      return await askLine(plainText(question), this.#stderr, signal);
    } finally {
      this.#isAsking = false;
    }
  }

  note(text: string): void {
    this.#record("note", { text });
    if (!this.#options.quiet) this.#writeLine(plainText(text));
  }

  finish(summary: RunSummary): void {
    this.#recordStatus();
    this.#stopTimer();
    this.#status = undefined;
    this.#record("finish", { summary });
    if (this.#options.quiet) return;
    this.#writeLine(plainText(formatSummary(summary)));
    for (const note of summary.notes ?? []) this.#writeLine(plainText(note));
  }

  close(): void {
    process.off("exit", this.#onExit);
    this.#stopTimer();
    this.#status = undefined;
    this.#clear();
    this.#debug?.close();
  }

  #tick(): void {
    const status = this.#status;
    if (status === undefined) return;
    const now = performance.now();
    const snapshot = takeSnapshot(status, this.#rate, now);
    if (now >= this.#nextDebugMs) {
      this.#nextDebugMs = now + this.#intervals.debugMs;
      this.#record("status", { ...snapshot });
    }
    if (this.#options.quiet || this.#stderrIsGone || this.#isAsking) return;
    const text = plainText(formatSnapshot(snapshot)).replaceAll("\n", " ");
    if (this.#line !== undefined) this.#line.draw(text);
    else if (now >= this.#nextLineMs) {
      this.#nextLineMs = now + this.#intervals.lineMs;
      this.#writeLine(text);
    }
  }

  #recordStatus(): void {
    if (this.#status === undefined) return;
    this.#record("status", { ...takeSnapshot(this.#status, this.#rate, performance.now()) });
  }

  #record(event: string, facts: object): void {
    const failure = this.#debug?.write(event, facts);
    if (failure !== undefined) this.log("warn", failure);
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #clear(): void {
    if (!this.#stderrIsGone) this.#line?.clear();
  }

  #writeLine(text: string): void {
    if (this.#stderrIsGone) return;
    this.#clear();
    this.#stderr.write(`${text}\n`);
  }
}
