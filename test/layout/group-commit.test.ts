import { expect, test } from "bun:test";
import { groupCommit } from "../../src/layout/group-commit.ts";

test("groupCommit() answers calls of one turn with one run", async () => {
  let runs = 0;
  const commit = groupCommit(async () => {
    runs += 1;
  });
  await Promise.all([commit(), commit(), commit()]);
  expect(runs).toBe(1);
});

test("groupCommit() starts a new run for a call that comes while one is under way", async () => {
  const gates: (() => void)[] = [];
  const commit = groupCommit(() => new Promise<void>((resolve) => gates.push(resolve)));
  const order: string[] = [];
  const first = commit().then(() => order.push("first"));
  await Bun.sleep(1);
  const late = [commit().then(() => order.push("late")), commit().then(() => order.push("late"))];
  await Bun.sleep(1);
  expect(gates.length).toBe(1);
  gates[0]!();
  await first;
  await Bun.sleep(1);
  expect(gates.length).toBe(2);
  expect(order).toEqual(["first"]);
  gates[1]!();
  await Promise.all(late);
  expect(gates.length).toBe(2);
});

test("groupCommit() rejects those who waited for a run that failed, and no later one", async () => {
  let runs = 0;
  const commit = groupCommit(async () => {
    runs += 1;
    if (runs === 1) throw new Error("disk full");
  });
  const both = [commit(), commit()];
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await commit();
  expect(runs).toBe(2);
});
