/** Connections of several threads' clients to one host: counted together, kept alive, handed on. */
import { expect, test } from "bun:test";
import { newConnectionTable } from "../../../src/registry/http/connection-table.ts";
import { type Connection, Connections } from "../../../src/registry/http/connections.ts";
import { Transport } from "../../../src/registry/http/transport.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const host = "http://127.0.0.1:9";
const plain = new Transport({ insecureSkipVerify: false });
const lax = new Transport({ insecureSkipVerify: true });

test("an idle connection is used again, and closed for another thread that waits", async () => {
  const handle = newConnectionTable(1);
  const [a, b] = [new Connections(handle), new Connections(handle)];
  const first = await a.acquire(host, plain, []);
  a.release(first, true);
  expect(await a.acquire(host, plain, [])).toBe(first);
  a.release(first, true);
  const other = await b.acquire(host, plain, []);
  expect(other).not.toBe(first);
  expect(a.spare(host)).toBe(0);
  b.release(other, true);
  await Promise.all([a.close(), b.close()]);
});

test("a connection with other certificates is another connection, and has the same place", async () => {
  const connections = new Connections(newConnectionTable(1));
  const first = await connections.acquire(host, plain, []);
  connections.release(first, true);
  const second = await connections.acquire(host, lax, []);
  expect(second.transport).toBe(lax);
  connections.release(second, true);
  await connections.close();
});

test("who stops waiting leaves the line to the others", async () => {
  const connections = new Connections(newConnectionTable(1));
  const first = await connections.acquire(host, plain, []);
  const stop = new AbortController();
  const stopped = connections.acquire(host, plain, [stop.signal]).catch((error: unknown) => error);
  const second = connections.acquire(host, plain, []);
  stop.abort();
  expect(await stopped).toMatchObject({ code: "stopped" });
  connections.release(first, true);
  expect(await second).toBe(first);
  connections.release(first, true);
  await connections.close();
});

for (const most of [1, 2, 3]) {
  test(`random requests of four threads never have more than ${most}, and all come to their turn`, async () => {
    const handle = newConnectionTable(most);
    const members = Array.from({ length: 4 }, () => new Connections(handle));
    const random = Buffer.from(seededBytes(`connections/${most}`, 4000));
    let at = 0;
    const next = (below: number) => (random[at++ % random.length] ?? 0) % below;
    const inUse = new Set<Connection>();
    const work = Array.from({ length: 600 }, async (_, index) => {
      await Bun.sleep(next(40));
      const connections = members[next(4)];
      const stop = new AbortController();
      if (next(10) === 0) setTimeout(() => stop.abort(), next(5));
      const connection = await connections
        ?.acquire(host, next(8) === 0 ? lax : plain, [stop.signal])
        .catch(() => undefined);
      if (connection === undefined) return index;
      inUse.add(connection);
      expect(inUse.size).toBeLessThanOrEqual(most);
      if (next(3) > 0) await Bun.sleep(next(2));
      inUse.delete(connection);
      connections?.release(connection, next(6) > 0);
      return index;
    });
    expect(await Promise.all(work)).toHaveLength(600);
    // What was granted to somebody who had stopped waiting has come back.
    while (members.some((each) => each.spare(host) < most)) await Bun.sleep(1);
    await Promise.all(members.map((each) => each.close()));
  });
}
