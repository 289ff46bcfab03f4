/** One reading for several takers: in step, and nobody waits for one who left. */
import { describe, expect, test } from "bun:test";
import { Tee } from "../../../src/pool/blobs/tee.ts";

/** Counts from 0, one byte a piece, and remembers how far it was read. */
function counter(pieces: number): {
  open: (signal: AbortSignal) => AsyncGenerator<Uint8Array>;
  state: CounterState;
} {
  const state: CounterState = { given: 0, opened: 0, ended: false, signal: undefined };
  return {
    state,
    open: async function* (signal) {
      state.opened++;
      state.signal = signal;
      try {
        for (; state.given < pieces; ) yield Uint8Array.of(state.given++ % 256);
      } finally {
        state.ended = true;
      }
    },
  };
}

interface CounterState {
  given: number;
  opened: number;
  ended: boolean;
  signal: AbortSignal | undefined;
}

async function take(
  branch: AsyncGenerator<Uint8Array>,
  pauseMs = 0,
  most = Number.POSITIVE_INFINITY,
): Promise<number[]> {
  const seen: number[] = [];
  for await (const piece of branch) {
    seen.push(piece[0] ?? -1);
    if (seen.length >= most) break;
    if (pauseMs > 0) await Bun.sleep(pauseMs);
  }
  return seen;
}

const firstHundred = Array.from({ length: 100 }, (_, at) => at);

describe("Tee", () => {
  test("reads once, and gives everything to everybody in order", async () => {
    const { open, state } = counter(100);
    const tee = new Tee(3, open);
    const seen = await Promise.all([take(tee.branch(0)), take(tee.branch(1), 1), take(tee.branch(2))]);
    expect(seen).toEqual([firstHundred, firstHundred, firstHundred]);
    expect(state.opened).toBe(1);
  });

  test("is never further ahead than the slowest taker allows", async () => {
    const { open, state } = counter(100);
    const tee = new Tee(2, open);
    const fast = take(tee.branch(0));
    const slow = tee.branch(1);
    for (let at = 0; at < 10; at++) {
      await slow.next();
      await Bun.sleep(2);
      expect(state.given).toBeLessThanOrEqual(at + 2);
    }
    await slow.return(undefined);
    expect(await fast).toEqual(firstHundred);
  });

  test("goes on for the others when one leaves", async () => {
    const { open } = counter(100);
    const tee = new Tee(2, open);
    const [short, whole] = await Promise.all([take(tee.branch(0), 0, 3), take(tee.branch(1))]);
    expect(short).toEqual([0, 1, 2]);
    expect(whole).toEqual(firstHundred);
  });

  test("goes on for the others when one leaves that never began", async () => {
    const { open } = counter(100);
    const tee = new Tee(2, open);
    const whole = take(tee.branch(1));
    await Bun.sleep(5);
    tee.leave(0);
    expect(await whole).toEqual(firstHundred);
  });

  test("ends the reading when all have left", async () => {
    const { open, state } = counter(1_000_000);
    const tee = new Tee(2, open);
    await Promise.all([take(tee.branch(0), 0, 3), take(tee.branch(1), 0, 5)]);
    expect(state.signal?.aborted).toBe(true);
    await Bun.sleep(5);
    expect(state.ended).toBe(true);
    expect(state.given).toBeLessThan(10);
  });

  test("does not read at all before somebody asks", async () => {
    const { open, state } = counter(10);
    const tee = new Tee(2, open);
    tee.branch(0);
    await Bun.sleep(2);
    expect(state.opened).toBe(0);
  });

  test("fails everybody when the reading fails, after what came before", async () => {
    const tee = new Tee(2, async function* () {
      yield Uint8Array.of(7);
      throw new Error("cut");
    });
    const results = await Promise.allSettled([take(tee.branch(0)), take(tee.branch(1))]);
    for (const result of results) {
      expect(result).toMatchObject({ status: "rejected", reason: { message: "cut" } });
    }
  });

  test("ends at once for nothing at all", async () => {
    const tee = new Tee(2, counter(0).open);
    expect(await Promise.all([take(tee.branch(0)), take(tee.branch(1))])).toEqual([[], []]);
  });
});
