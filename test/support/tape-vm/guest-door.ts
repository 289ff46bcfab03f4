/** The way between a guest and the test's process: lines over TCP, jobs one way, and what scripts in the guest ask for the other. */
import type { Socket } from "bun";

/** What a door opens to. */
export interface GuestDoor {
  port: number;
  /** Settles when the guest waits for jobs. */
  opened: Promise<void>;
  /** Has the guest run `NAME.sh`; gives its exit code. */
  run(name: string): Promise<number>;
  stop(): void;
}

/** One connection: what came of its line so far. */
interface Caller {
  text: string;
}

/**
 * Listens on a free port of 127.0.0.1. A connection whose first line is `jobs` is the guest's own: it is sent names and answers
 * `NAME CODE`. Every other line is a request of a script.
 * @param answer answers a request; what it throws is the answer too, after `error `
 */
export function openGuestDoor(answer: (request: string) => Promise<string>): GuestDoor {
  const opened = Promise.withResolvers<void>();
  const running = new Map<string, (code: number) => void>();
  let jobs: Socket<Caller> | undefined;
  const reply = async (socket: Socket<Caller>, request: string): Promise<void> => {
    const text = await answer(request).catch(
      (error: unknown) => `error ${error instanceof Error ? error.message : error}`,
    );
    socket.end(`${text}\n`);
  };
  const take = (socket: Socket<Caller>, line: string): void => {
    if (line === "jobs") {
      jobs = socket;
      opened.resolve();
    } else if (socket === jobs) {
      const [name = "", code] = line.split(" ");
      running.get(name)?.(Number(code));
      running.delete(name);
    } else void reply(socket, line);
  };
  const listener = Bun.listen<Caller>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => {
        socket.data = { text: "" };
      },
      data: (socket, bytes) => {
        const lines = (socket.data.text + bytes.toString("utf8")).split("\n");
        socket.data.text = lines.pop() ?? "";
        for (const line of lines) take(socket, line);
      },
    },
  });
  return {
    port: listener.port,
    opened: opened.promise,
    run: (name) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      running.set(name, resolve);
      jobs?.write(`${name}\n`);
      return promise;
    },
    stop: () => listener.stop(true),
  };
}
