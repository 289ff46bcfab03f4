import { expect, test } from "bun:test";
import { connect, createServer, type Socket } from "node:net";
import * as imitation from "undici";
import { exchange } from "../../../src/registry/http/exchange.ts";
import { assertRealUndici, Transport } from "../../../src/registry/http/transport.ts";

test("assertRealUndici() is content with what the client imports", () => {
  expect(() => assertRealUndici()).not.toThrow();
});

test("assertRealUndici() knows Bun's imitation", () => {
  expect(() => assertRealUndici(imitation.Agent.prototype)).toThrow("imitation");
});

test("Transport goes through the environment's proxy, but not to this machine", async () => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("hello") });
  const asked: string[] = [];
  const proxy = createServer((client: Socket) => {
    client.once("data", (head) => {
      asked.push(head.toString().split("\r\n")[0] ?? "");
      const through = connect(server.port ?? 0, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        client.pipe(through).pipe(client);
      });
      for (const socket of [client, through]) socket.on("error", () => socket.destroy());
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  const port = address === null || typeof address === "string" ? 0 : address.port;
  const before = process.env.HTTP_PROXY;
  process.env.HTTP_PROXY = `http://127.0.0.1:${port}`;
  const transport = new Transport({ insecureSkipVerify: false });
  try {
    for (const url of ["http://registry.test/v2/", `http://127.0.0.1:${server.port}/v2/`]) {
      const request = { method: "GET" as const, url: new URL(url), headers: {}, bodyLimitBytes: 100 };
      const dispatcher = transport.connect(request.url.origin);
      const reply = await exchange(dispatcher, request, [AbortSignal.timeout(5000)]);
      await dispatcher.destroy();
      expect(Buffer.from(reply.body).toString()).toBe("hello");
    }
    expect(asked).toEqual(["CONNECT registry.test:80 HTTP/1.1"]);
  } finally {
    if (before === undefined) delete process.env.HTTP_PROXY;
    else process.env.HTTP_PROXY = before;
    proxy.close();
    await server.stop(true);
  }
});
