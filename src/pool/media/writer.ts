/** The main thread's side of the writer. */
import { Worker } from "node:worker_threads";
import { AceError, fromErrorData, toErrorData } from "../../errors.ts";
import type { VolumeLabel } from "../../tape/catalogue/catalogue.ts";
import type { MediumKind } from "../../tape/medium/medium.ts";
import type { MediumChange, VolumeProgress } from "../../tape/volumes/write-volumes.ts";
import type { WriteLoopResult } from "../../tape/window/write-loop.ts";
import { entryPath } from "../host/entry-paths.ts";
import {
  type OpenedVolume,
  parseWriterMessage,
  type ThreadAnswer,
  type WriterMessage,
  type WriterQuestion,
  type WriterStart,
} from "../thread-messages.ts";

/** A writer that runs. */
export interface Writer {
  /** Resolves when the (first) medium is open. */
  opened: Promise<MediumKind>;
  /** Resolves when the writer has ended; rejects with AceError `medium` when the medium failed. */
  done: Promise<WriteLoopResult>;
  /** Bytes known to be on the medium so far. */
  durable(): number;
}

/** Tells an operator something. */
export type OnNotice = (level: "info" | "warn", text: string) => void;

/** Whom the writer speaks to. */
export interface WriterEvents {
  /** Everything in front of `offset` is safe. */
  durable?(offset: number, progress: VolumeProgress | undefined): void;
  /** What there is to say of the medium, and that it is waited for. */
  notice?: OnNotice;
  /** What it is at; empty when it is at writing again. */
  phase?(text: string): void;
}

/** What a writer of volumes asks for besides. */
export interface SetWriterEvents extends WriterEvents {
  /** A volume is open. */
  volume(opened: OpenedVolume): void;
  /** A volume is whole, with its catalogue. */
  closed(label: VolumeLabel): void;
  /** Resolves when the medium wanted may be there. @throws AceError when there is none to be had */
  change(wanted: MediumChange): Promise<void>;
  /** The checkpoint's lines for a volume's catalogue, each with its newline. */
  lines(label: VolumeLabel): Iterable<string>;
}

/** A medium that opens at once is open by then; whoever waits longer wants to know for what. */
const silenceMs = 2000;

/** Characters of lines that cross to the thread at a time. */
const linesAtATime = 256 * 1024;

/** Starts the writer's thread. @param events with those of a {@link SetWriterEvents} when it writes volumes */
export function startWriter(start: WriterStart, events: WriterEvents | SetWriterEvents): Writer {
  const opened = Promise.withResolvers<MediumKind>();
  const done = Promise.withResolvers<WriteLoopResult>();
  // Whoever cares awaits them; nobody has to await both.
  opened.promise.catch(() => undefined);
  done.promise.catch(() => undefined);
  let durable = 0;
  const waiting = setTimeout(() => {
    events.notice?.("warn", `Waiting for ${start.medium.destination} to be ready`);
  }, silenceMs);
  const stopWaiting = () => clearTimeout(waiting);
  opened.promise.then(stopWaiting, stopWaiting);
  const fail = (error: unknown) => {
    opened.reject(error);
    done.reject(error);
  };
  const settle = (offset: number, progress: VolumeProgress | undefined) => {
    if (offset <= durable && progress === undefined) return;
    durable = Math.max(durable, offset);
    events.durable?.(offset, progress);
  };
  const worker = new Worker(entryPath("writer"), { workerData: start });
  const answers = "change" in events ? new Answers(worker, events, stopWaiting) : undefined;
  worker.on("message", (data: unknown) => {
    const message: WriterMessage = parseWriterMessage(data);
    if (message.kind === "open") opened.resolve(message.medium);
    if ("change" in events && message.kind === "open" && message.volume !== undefined)
      events.volume(message.volume);
    if (message.kind === "notice") events.notice?.(message.level, message.text);
    if (message.kind === "durable") settle(message.offset, message.progress);
    if (message.kind === "done") done.resolve(message.result);
    if (message.kind === "failed") fail(fromErrorData(message.error));
    if ("change" in events && message.kind === "closed") events.closed(message.label);
    if (message.kind === "phase") events.phase?.(message.phase);
    if (message.kind === "ask") void answers?.answer(message.id, message.question);
  });
  worker.on("error", (cause) =>
    fail(new AceError("internal", `Cannot write: the writer's thread failed: ${cause}`, { cause })),
  );
  worker.on("exit", () => fail(new AceError("internal", "Cannot write: the writer's thread ended early")));
  return { opened: opened.promise, done: done.promise, durable: () => durable };
}

/** Answers what the thread asks. */
class Answers {
  readonly #worker: Worker;
  readonly #events: SetWriterEvents;
  readonly #stopWaiting: () => void;
  #lines: Iterator<string> = [][Symbol.iterator]();

  constructor(worker: Worker, events: SetWriterEvents, stopWaiting: () => void) {
    this.#worker = worker;
    this.#events = events;
    this.#stopWaiting = stopWaiting;
  }

  async answer(id: number, question: WriterQuestion): Promise<void> {
    let answer: Omit<ThreadAnswer, "id">;
    try {
      answer = question.kind === "lines" ? this.#takeLines(question) : await this.#change(question.wanted);
    } catch (error) {
      answer = { text: "", isLast: true, error: toErrorData(error) };
    }
    this.#worker.postMessage({ id, ...answer } satisfies ThreadAnswer);
  }

  async #change(wanted: MediumChange): Promise<Omit<ThreadAnswer, "id">> {
    // Whoever is asked to change a medium knows what is waited for.
    this.#stopWaiting();
    await this.#events.change(wanted);
    return { text: "", isLast: true, error: undefined };
  }

  #takeLines({ label, isFirst }: { label: VolumeLabel; isFirst: boolean }): Omit<ThreadAnswer, "id"> {
    if (isFirst) this.#lines = this.#events.lines(label)[Symbol.iterator]();
    let text = "";
    while (text.length < linesAtATime) {
      const next = this.#lines.next();
      if (next.done === true) return { text, isLast: true, error: undefined };
      text += next.value;
    }
    return { text, isLast: false, error: undefined };
  }
}
