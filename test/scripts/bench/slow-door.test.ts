/** The door of the benchmark is as slow as it says, and changes nothing. */
import { expect, test } from "bun:test";
import { openSlowDoor } from "../../../scripts/bench/slow-door.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

/** A server that answers `/N` with N seeded bytes, and a POST with what it was sent. */
function serve() {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) =>
      new Response(
        request.method === "POST"
          ? await request.bytes()
          : seededBytes("door", Number(new URL(request.url).pathname.slice(1))),
      ),
  });
}

async function timed(url: string, init?: RequestInit): Promise<{ ms: number; bytes: Uint8Array }> {
  const started = performance.now();
  const bytes = await (await fetch(url, init)).bytes();
  return { ms: performance.now() - started, bytes };
}

test("an answer takes the delay longer, and its bytes are the same both ways", async () => {
  using server = serve();
  await using door = await openSlowDoor(`http://127.0.0.1:${server.port}`, { delayMs: 50 });
  const small = await timed(`${door.origin}/10`);
  expect(small.ms).toBeGreaterThanOrEqual(49);
  const body = seededBytes("up", 5_000_000);
  const echoed = await timed(door.origin, { method: "POST", body });
  expect(Buffer.from(echoed.bytes).equals(body)).toBe(true);
});

test("the delay is a line's: a long answer is not held up chunk by chunk", async () => {
  using server = serve();
  await using door = await openSlowDoor(`http://127.0.0.1:${server.port}`, { delayMs: 50 });
  const { ms, bytes } = await timed(`${door.origin}/50000000`);
  expect(bytes.length).toBe(50_000_000);
  expect(ms).toBeLessThan(5000); // hundreds of chunks of 50 ms each would be more
});

test("a connection is held to its rate", async () => {
  using server = serve();
  const options = { delayMs: 0, bytesPerSecond: 4_000_000 };
  await using door = await openSlowDoor(`http://127.0.0.1:${server.port}`, options);
  const { ms, bytes } = await timed(`${door.origin}/2000000`);
  expect(Buffer.from(bytes).equals(seededBytes("door", 2_000_000))).toBe(true);
  expect(ms).toBeGreaterThan(450);
  expect(ms).toBeLessThan(3000);
});
