/** Questions of a thread to the main thread, and their answers, over whatever port they go. */
import type { MessagePort } from "node:worker_threads";
import { fromErrorData, toErrorData } from "../../errors.ts";
import type { Answered, Answers, Asked, AskTable } from "./thread-contract.ts";

/** The thread's side. Listens only while something is asked: that alone keeps a thread alive. */
export class Questions<Asks extends AskTable> {
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, (message: Answered<never>) => void>();
  #lastId = 0;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** @throws AceError what is answered */
  ask<Name extends keyof Asks>(name: Name, question: Asks[Name]["question"]): Promise<Asks[Name]["answer"]> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      if (this.#waiting.size === 0) {
        this.#port.on("message", this.#take);
        this.#port.ref();
      }
      this.#waiting.set(id, (message: Answered<Asks[Name]["answer"]>) =>
        "error" in message ? reject(fromErrorData(message.error)) : resolve(message.answer),
      );
      this.#port.postMessage({ kind: "ask", id, asked: { name, question } } satisfies Asked<Asks>);
    });
  }

  readonly #take = (message: Answered<never>): void => {
    const take = this.#waiting.get(message.id);
    if (take === undefined) return;
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) {
      this.#port.off("message", this.#take);
      this.#port.unref();
    }
    take(message);
  };
}

/** The main thread's side: answers one question, with an error when that is what comes of it. */
export async function answerTo<Asks extends AskTable>(
  port: { postMessage(message: Answered<Asks[keyof Asks]["answer"]>): void },
  { id, asked: { name, question } }: Asked<Asks>,
  answers: Answers<Asks>,
): Promise<void> {
  let answered: Answered<Asks[keyof Asks]["answer"]>;
  try {
    answered = { id, answer: await answers[name](question) };
  } catch (error) {
    answered = { id, error: toErrorData(error) };
  }
  port.postMessage(answered);
}
