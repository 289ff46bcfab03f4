import { expect, test } from "bun:test";
import { HostGates, newHostGates } from "../../../src/registry/http/gates.ts";

const never = new AbortController().signal;

test("HostGates.wait() returns at once from an open gate", async () => {
  const started = performance.now();
  await new HostGates(newHostGates()).wait("http://a.test", never);
  expect(performance.now() - started).toBeLessThan(50);
});

test("HostGates.wait() on one thread heeds what another thread said", async () => {
  const handle = newHostGates();
  const source = `
    import { HostGates } from ${JSON.stringify(new URL("../../src/registry/gates.ts", import.meta.url).pathname)};
    self.onmessage = ({ data }) => {
      new HostGates(data).holdUntil("http://a.test", Date.now() + 400);
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

test("HostGates.holdUntil() never shortens a wait", async () => {
  const gates = new HostGates(newHostGates());
  const now = Date.now();
  gates.holdUntil("http://a.test", now + 300);
  gates.holdUntil("http://a.test", now + 10);
  await gates.wait("http://a.test", never);
  expect(Date.now() - now).toBeGreaterThanOrEqual(299);
});

test("HostGates.wait() ends when the signal fires", async () => {
  const gates = new HostGates(newHostGates());
  gates.holdUntil("http://a.test", Date.now() + 60_000);
  await expect(gates.wait("http://a.test", AbortSignal.timeout(50))).rejects.toMatchObject({
    code: "stopped",
  });
});

test("HostGates.hasAnswered() is remembered for all threads", () => {
  const handle = newHostGates();
  expect(new HostGates(handle).hasAnswered("http://a.test")).toBe(false);
  new HostGates(handle).markAnswered("http://a.test");
  expect(new HostGates(handle).hasAnswered("http://a.test")).toBe(true);
});
