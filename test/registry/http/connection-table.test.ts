/** The table of connections: never more than there may be, and nobody waits for ever, however the members interleave. */
import { expect, test } from "bun:test";
import { ConnectionTable, newConnectionTable } from "../../../src/registry/http/connection-table.ts";

test("hosts have rows of their own, the same for every member", () => {
  const handle = newConnectionTable(1);
  const [a, b] = [new ConnectionTable(handle), new ConnectionTable(handle)];
  const hosts = Array.from({ length: 500 }, (_, at) => `http://host-${at}.test`);
  const rows = hosts.map((host) => a.row(host));
  expect(new Set(rows).size).toBe(hosts.length);
  expect(hosts.map((host) => b.row(host))).toEqual(rows);
});

test("a connection that is given goes to whoever waits, members in turn", () => {
  const handle = newConnectionTable(1);
  const [a, b, c] = [new ConnectionTable(handle), new ConnectionTable(handle), new ConnectionTable(handle)];
  const row = a.row("http://host.test");
  expect([a.take(row), b.take(row), b.wait(row), c.wait(row)]).toEqual([true, false, false, false]);
  expect(a.othersWait(row)).toBe(true);
  a.give(row);
  expect([b.takeGranted(row), c.takeGranted(row), a.take(row)]).toEqual([true, false, false]);
  b.stopWaiting(row);
  b.give(row);
  expect([b.takeGranted(row), c.takeGranted(row)]).toEqual([false, true]);
  c.stopWaiting(row);
  c.give(row);
  expect([a.spare(row), a.othersWait(row)]).toEqual([1, false]);
});

test("one connection is promised to one who waits, not two", () => {
  const handle = newConnectionTable(2);
  const [a, b, c] = [new ConnectionTable(handle), new ConnectionTable(handle), new ConnectionTable(handle)];
  const row = a.row("http://host.test");
  expect([a.take(row), b.take(row), c.wait(row)]).toEqual([true, true, false]);
  expect([a.promise(row), b.promise(row)]).toEqual([true, false]);
  a.keepPromise(row);
  expect(c.takeGranted(row)).toBe(true);
});

test("more threads than there are members are refused, and one that leaves makes room", () => {
  const handle = newConnectionTable(1);
  const all = Array.from({ length: 16 }, () => new ConnectionTable(handle));
  expect(() => new ConnectionTable(handle)).toThrow("16 threads");
  all[3]?.leave();
  expect(() => new ConnectionTable(handle)).not.toThrow();
});
