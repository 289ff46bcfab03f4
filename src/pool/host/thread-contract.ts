/** What goes to and fro between the main thread and a thread of ours. Both sides are the same program: types are all they need. */
import type { ErrorData } from "../../errors.ts";

/** Something an operator may want to know, for the log. */
export interface Notice {
  level: "warn" | "info" | "debug";
  text: string;
}

/** Tells an operator something. */
export type OnNotice = (level: Notice["level"], text: string) => void;

/** What a thread asks of the main thread, by name. */
export type AskTable = Record<string, { question: unknown; answer: unknown }>;

/** A question with its name. */
export type Question<Asks extends AskTable> = {
  [Name in keyof Asks]: { name: Name; question: Asks[Name]["question"] };
}[keyof Asks];

/** A question on its way; the answer has the same number. */
export interface Asked<Asks extends AskTable> {
  kind: "ask";
  id: number;
  asked: Question<Asks>;
}

/** An answer on its way. */
export type Answered<Answer> = { id: number } & ({ answer: Answer } | { error: ErrorData });

/** Who answers. */
export type Answers<Asks extends AskTable> = {
  [Name in keyof Asks]: (
    question: Asks[Name]["question"],
  ) => Asks[Name]["answer"] | Promise<Asks[Name]["answer"]>;
};

/** A thread that does one piece of work. All of it crosses as structured clones. */
export interface ThreadContract {
  /** What it is started with. */
  start: unknown;
  /** What it tells while it works; `never` when nothing. */
  tells: unknown;
  asks: AskTable;
  /** What it comes to. */
  result: unknown;
}

/** What such a thread says. `done` or `failed` comes once, and last. */
export type FromThread<Contract extends ThreadContract> =
  | { kind: "tell"; event: Contract["tells"] }
  | ({ kind: "notice" } & Notice)
  /** From now on it waits for something, as a sentence says it: `the drive to be ready`. */
  | { kind: "waiting"; what: string }
  | Asked<Contract["asks"]>
  | { kind: "done"; result: Contract["result"] }
  | { kind: "failed"; error: ErrorData };
