/** Never more at a time than allowed, in order, and nobody is forgotten. */
import { describe, expect, test } from "bun:test";
import { Limiter } from "../../src/async/limiter.ts";

describe("Limiter", () => {
  test("runs no more at a time than it may, and all of it", async () => {
    const limiter = new Limiter(3);
    let running = 0;
    let most = 0;
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        limiter.run(async () => {
          most = Math.max(most, ++running);
          await Bun.sleep(1);
          running--;
          return at;
        }),
      ),
    );
    expect(results).toEqual(Array.from({ length: 20 }, (_, at) => at));
    expect(most).toBe(3);
  });

  test("starts in order, and start() resolves when there was room", async () => {
    const limiter = new Limiter(1);
    const begun: number[] = [];
    const first = Promise.withResolvers<void>();
    await limiter.start(async () => {
      begun.push(1);
      await first.promise;
    });
    let second = false;
    const waiting = limiter
      .start(async () => {
        begun.push(2);
      })
      .then(() => {
        second = true;
      });
    await Bun.sleep(2);
    expect([second, begun]).toEqual([false, [1]]);
    first.resolve();
    await waiting;
    await limiter.idle();
    expect(begun).toEqual([1, 2]);
  });

  test("hands errors on, and goes on", async () => {
    const limiter = new Limiter(1);
    const failing = limiter.run(() => Promise.reject(new Error("no")));
    const next = limiter.run(async () => "yes");
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("yes");
    await limiter.idle();
  });
});
