import { expect, test } from "bun:test";
import { HostGates, newHostGates } from "../../../src/registry/http/gates.ts";

const never = new AbortController().signal;
const gatesPath = new URL("../../../src/registry/http/gates.ts", import.meta.url).pathname;

test("HostGates.wait() returns at once from an open gate", async () => {
  const started = performance.now();
  await new HostGates(newHostGates()).wait("http://a.test", never);
  expect(performance.now() - started).toBeLessThan(50);
});

test("HostGates.wait() on one thread heeds what another thread said", async () => {
  const handle = newHostGates();
  const source = `
    import { HostGates } from ${JSON.stringify(gatesPath)};
    self.onmessage = ({ data }) => {
      new HostGates(data).hold("http://a.test", 400);
      self.postMessage("held");
    };`;
  const url = URL.createObjectURL(new Blob([source], { type: "application/typescript" }));
  const worker = new Worker(url);
  const held = new Promise((resolve) => worker.addEventListener("message", resolve));
  worker.postMessage(handle);
  await held;
  const gates = new HostGates(handle);
  const started = performance.now();
  await gates.wait("http://b.test", never);
  expect(performance.now() - started).toBeLessThan(100);
  await gates.wait("http://a.test", never);
  expect(performance.now() - started).toBeGreaterThan(250);
  worker.terminate();
  URL.revokeObjectURL(url);
});

test("HostGates.hold() never shortens a wait, whichever thread said the longer one", async () => {
  const handle = newHostGates();
  const [one, other] = [new HostGates(handle), new HostGates(handle)];
  const started = performance.now();
  one.hold("http://a.test", 400);
  other.hold("http://a.test", 10);
  await new HostGates(handle).wait("http://a.test", never);
  expect(performance.now() - started).toBeGreaterThanOrEqual(399);
});

test("HostGates.wait() ends when the signal fires", async () => {
  const gates = new HostGates(newHostGates());
  gates.hold("http://a.test", 60_000);
  await expect(gates.wait("http://a.test", AbortSignal.timeout(50))).rejects.toMatchObject({
    code: "stopped",
  });
});

test("HostGates.wait() goes by no clock that can be set: the wall clock goes back an hour during the wait", async () => {
  const gates = new HostGates(newHostGates());
  gates.hold("http://a.test", 300);
  const wait = gates.wait("http://a.test", never);
  const now = Date.now;
  Date.now = () => now() - 3_600_000;
  try {
    await wait;
    gates.hold("http://a.test", 100);
    await gates.wait("http://a.test", never);
  } finally {
    Date.now = now;
  }
});

test("HostGates.wait() is over in time when the thread that closed the gate is gone, and for who comes later at once", async () => {
  const handle = newHostGates();
  const source = `
    import { HostGates } from ${JSON.stringify(gatesPath)};
    self.onmessage = ({ data }) => {
      new HostGates(data).hold("http://a.test", 500);
      self.postMessage("held");
    };`;
  const url = URL.createObjectURL(new Blob([source], { type: "application/typescript" }));
  const worker = new Worker(url);
  const held = new Promise((resolve) => worker.addEventListener("message", resolve));
  worker.postMessage(handle);
  await held;
  worker.terminate();
  const gates = new HostGates(handle);
  await gates.wait("http://a.test", never);
  const started = performance.now();
  await gates.wait("http://a.test", never);
  expect(performance.now() - started).toBeLessThan(400);
  URL.revokeObjectURL(url);
});

test("HostGates.hasAnswered() is remembered for all threads", () => {
  const handle = newHostGates();
  expect(new HostGates(handle).hasAnswered("http://a.test")).toBe(false);
  new HostGates(handle).markAnswered("http://a.test");
  expect(new HostGates(handle).hasAnswered("http://a.test")).toBe(true);
});
