/** A rate is kept on the average, and a stall is made up for only a little. */
import { expect, test } from "bun:test";
import { Pace } from "../../../src/tape/window/pace.ts";

test("blocks go out at the rate", () => {
  const pace = new Pace(1000);
  let nowMs = 0;
  let bytes = 0;
  for (; nowMs <= 10_000; nowMs++) {
    while (pace.waitMs(nowMs) === 0) {
      pace.took(50);
      bytes += 50;
    }
  }
  expect(bytes).toBeGreaterThanOrEqual(10_000);
  expect(bytes).toBeLessThanOrEqual(10_200);
});

test("after a stall no more than a tenth of a second is made up for", () => {
  const pace = new Pace(1000);
  pace.waitMs(0);
  pace.took(50);
  let burst = 0;
  while (pace.waitMs(60_000) === 0) {
    pace.took(50);
    burst += 50;
  }
  expect(burst).toBeLessThanOrEqual(150);
});
