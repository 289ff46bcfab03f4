/** A port that was free a moment ago, for servers that cannot be told to choose one themselves. */
import { createServer } from "node:net";

/** Prefer port 0 and asking the server where it can be had: between this call and the server's start, another may take the port. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
