/** Questions of a thread to the main thread, which waits for each answer. */
import { parentPort } from "node:worker_threads";
import { fromErrorData } from "../errors.ts";
import { parseThreadAnswer, type ThreadAnswer } from "./thread-messages.ts";

/** One question at a time. Listens for as long as it is not disposed of, which keeps the thread alive. */
export class ThreadQuestions<Question> implements Disposable {
  readonly #send: (id: number, question: Question) => void;
  #lastId = 0;
  #waiting: PromiseWithResolvers<ThreadAnswer> | undefined;

  /** @param send posts a question with its number */
  constructor(send: (id: number, question: Question) => void) {
    this.#send = send;
    parentPort?.on("message", this.#take);
  }

  /** @throws AceError what is answered */
  async ask(question: Question): Promise<ThreadAnswer> {
    const waiting = Promise.withResolvers<ThreadAnswer>();
    this.#waiting = waiting;
    this.#send(++this.#lastId, question);
    const answer = await waiting.promise;
    if (answer.error !== undefined) throw fromErrorData(answer.error);
    return answer;
  }

  readonly #take = (data: unknown): void => {
    const answer = parseThreadAnswer(data);
    if (answer.id === this.#lastId) this.#waiting?.resolve(answer);
  };

  [Symbol.dispose](): void {
    parentPort?.off("message", this.#take);
    parentPort?.unref();
  }
}
