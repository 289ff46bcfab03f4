/** What goes to and fro between the main thread and a thread of ours. Both sides are the same program: types are all they need. */
import type { ErrorData } from "../../errors.ts";

/** Something an operator may want to know, for the log. */
export interface Notice {
  level: "warn" | "info" | "debug";
  text: string;
}

/** Tells an operator something. */
export type OnNotice = (level: Notice["level"], text: string) => void;

/** One kind of thread. All of it crosses as structured clones. */
export interface ThreadContract {
  /** What it is started with. */
  start: unknown;
  /** What it tells while it works; `never` when nothing. */
  tells: unknown;
  /** What it asks of the main thread, by name; it waits for each answer. */
  asks: Record<string, { question: unknown; answer: unknown }>;
  /** What it comes to. */
  result: unknown;
}

/** A question with its name. */
export type Question<Asks extends ThreadContract["asks"]> = {
  [Name in keyof Asks]: { name: Name; question: Asks[Name]["question"] };
}[keyof Asks];

/** What a thread says. `done` or `failed` comes once, and last. */
export type FromThread<Contract extends ThreadContract> =
  | { kind: "tell"; event: Contract["tells"] }
  | ({ kind: "notice" } & Notice)
  /** From now on it waits for something, as a sentence says it: `the drive to be ready`. */
  | { kind: "waiting"; what: string }
  | { kind: "ask"; id: number; asked: Question<Contract["asks"]> }
  | { kind: "done"; result: Contract["result"] }
  | { kind: "failed"; error: ErrorData };

/** What the main thread says: the answer to the question with this number. */
export type ToThread<Answer> = { id: number } & ({ answer: Answer } | { error: ErrorData });
