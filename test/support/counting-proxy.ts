/** A TCP proxy that understands nothing, and knows how many connections were open at once. */
import { createServer, connect as dial, type Socket } from "node:net";

export interface CountingProxy extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  url: string;
  /** The most connections that were open at once since the last call. */
  most(): number;
}

/**
 * A connection counts from so long after it was accepted on, in milliseconds: who closes one and opens another has done so in this
 * order, but two sockets tell their news in any order, and late on a busy machine.
 */
const settleMs = 100;

/** A piece of an answer up to this waits for a moment; larger ones take their time by themselves. */
const smallBytes = 16 * 1024;

/**
 * Starts one on a free port, through which no blob is mounted: the parameter that asks for it gets another name.
 * @param upstream `http://host:port`
 */
export async function startCountingProxy(upstream: string): Promise<CountingProxy> {
  const { hostname, port } = new URL(upstream);
  const sockets = new Set<Socket>();
  let [open, most] = [0, 0];
  const server = createServer((client) => {
    const registry = dial({ host: hostname, port: Number(port) });
    let counted = false;
    const timer = setTimeout(() => {
      counted = true;
      most = Math.max(most, ++open);
    }, settleMs);
    const gone = () => {
      clearTimeout(timer);
      if (counted) open--;
      counted = false;
      sockets.delete(client);
      client.destroy();
      registry.destroy();
    };
    sockets.add(client);
    for (const event of ["end", "close", "error"]) client.on(event, gone);
    registry.on("error", gone);
    void passOn(client, registry, withoutMount).catch(gone);
    void passOn(registry, client, async (piece) => {
      // So that requests overlap.
      if (piece.length < smallBytes) await Bun.sleep(1);
      return piece;
    }).catch(gone);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    most: () => {
      const seen = most;
      most = open;
      return seen;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Both ends of a connection; the end is passed on too. */
async function passOn(
  from: Socket,
  to: Socket,
  change: (piece: Buffer) => Buffer | Promise<Buffer>,
): Promise<void> {
  for await (const piece of from) {
    const changed = await change(piece);
    if (!to.write(changed))
      await new Promise<void>((resolve) => to.once("drain", resolve).once("close", resolve));
  }
  to.end();
}

function withoutMount(piece: Buffer): Buffer {
  const at = piece.subarray(0, 1024).indexOf("?mount=sha256");
  if (at > 0) piece.write("?other=", at);
  return piece;
}
