/** A thread's own side: does its work with what it was started with, tells and asks the main thread, says how it ended. */
import { parentPort, workerData } from "node:worker_threads";
import { AceError, toErrorData } from "../../errors.ts";
import { Questions } from "./questions.ts";
import type { FromThread, Notice, ThreadContract } from "./thread-contract.ts";

/** The main thread, as a thread sees it. */
export interface MainThread<Contract extends ThreadContract> {
  tell(event: Contract["tells"]): void;
  notice(notice: Notice): void;
  /** The operator is told when it takes long; it is over with the next thing that is told or asked. */
  waiting(what: string): void;
  /** @throws AceError what is answered */
  ask<Name extends keyof Contract["asks"]>(
    name: Name,
    question: Contract["asks"][Name]["question"],
  ): Promise<Contract["asks"][Name]["answer"]>;
}

/** The thread's whole life: whoever hears how it ended can count on what it held being let go of. */
export function threadMain<Contract extends ThreadContract>(
  work: (
    start: Contract["start"],
    main: MainThread<Contract>,
  ) => Contract["result"] | Promise<Contract["result"]>,
): void {
  const port = parentPort;
  if (port === null) throw new AceError("internal", "Cannot do a thread's work: this is no thread");
  const start: Contract["start"] = workerData;
  const say = (message: FromThread<Contract>) => port.postMessage(message);
  const questions = new Questions<Contract["asks"]>(port);
  const main: MainThread<Contract> = {
    tell: (event) => say({ kind: "tell", event }),
    notice: ({ level, text }) => say({ kind: "notice", level, text }),
    waiting: (what) => say({ kind: "waiting", what }),
    ask: (name, question) => questions.ask(name, question),
  };
  Promise.try(() => work(start, main)).then(
    (result) => say({ kind: "done", result }),
    (error: unknown) => say({ kind: "failed", error: toErrorData(error) }),
  );
}
