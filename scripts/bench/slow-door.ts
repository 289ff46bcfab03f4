/** A door to a server that adds a delay to every answer and can hold each connection to a rate: a far registry, on one machine. */
import { connect, createServer, type Socket } from "node:net";

/** What the door does to the bytes that come back. */
export interface DoorOptions {
  /** Added to each byte's way back; what a request costs more than on the loopback. */
  delayMs: number;
  /** Bytes per second of one connection; no limit when left out. */
  bytesPerSecond?: number;
}

/** An open door. */
export interface SlowDoor extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  origin: string;
}

/** Bytes on their way back per connection before the server is held off; more than delay times any rate we reach. */
const inFlightLimitBytes = 64 * 1024 * 1024;

/**
 * Opens a door to `http://host:port`.
 * The delay is a line's, not a queue's: bytes that come 5 ms later leave 5 ms later.
 */
export async function openSlowDoor(origin: string, options: DoorOptions): Promise<SlowDoor> {
  const { hostname, port } = new URL(origin);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const far = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => {
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    delayed(far, near, options);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the door has no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Hands bytes over when they are due. */
function delayed(from: Socket, to: Socket, { delayMs, bytesPerSecond }: DoorOptions): void {
  const line: { due: number; bytes: Buffer | undefined }[] = [];
  let inFlight = 0;
  let lastDue = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hand = (): void => {
    timer = undefined;
    for (let first = line[0]; first !== undefined && first.due <= performance.now(); first = line[0]) {
      line.shift();
      if (first.bytes === undefined) {
        to.end();
        return;
      }
      inFlight -= first.bytes.length;
      if (!to.write(first.bytes)) {
        to.once("drain", hand);
        return;
      }
    }
    if (inFlight < inFlightLimitBytes / 2) from.resume();
    const next = line[0];
    if (next !== undefined) timer = setTimeout(hand, Math.max(0, next.due - performance.now()));
  };
  const send = (bytes: Buffer | undefined): void => {
    const sending = bytesPerSecond === undefined ? 0 : ((bytes?.length ?? 0) / bytesPerSecond) * 1000;
    lastDue = Math.max(performance.now() + delayMs, lastDue) + sending;
    line.push({ due: lastDue, bytes });
    inFlight += bytes?.length ?? 0;
    if (inFlight > inFlightLimitBytes) from.pause();
    timer ??= line.length === 1 ? setTimeout(hand, Math.max(0, lastDue - performance.now())) : undefined;
  };
  from.on("data", send);
  from.on("end", () => send(undefined));
  to.on("close", () => {
    clearTimeout(timer);
    from.destroy();
  });
}
