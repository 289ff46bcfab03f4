import { describe, expect, test } from "bun:test";
import { formatSnapshot, RateMeter, takeSnapshot } from "../../src/ui/snapshot.ts";
import { newRunStatus } from "../../src/ui/status.ts";

describe("RateMeter", () => {
  test("tells a steady rate from the first second on", () => {
    const meter = new RateMeter();
    expect(meter.update(500, 1000)).toBe(0);
    for (let second = 1; second < 20; second += 1) {
      expect(meter.update(500 + second * 100, 1000 + second * 1000)).toBeCloseTo(100, 6);
    }
  });

  test("follows a change slowly and a stop down to nothing", () => {
    const meter = new RateMeter();
    for (let second = 0; second <= 30; second += 1) meter.update(second * 100, second * 1000);
    const afterOne = meter.update(3000, 31_000);
    expect(afterOne).toBeGreaterThan(75);
    expect(afterOne).toBeLessThan(90);
    for (let second = 32; second <= 90; second += 1) meter.update(3000, second * 1000);
    expect(meter.update(3000, 91_000)).toBeLessThan(0.01);
  });

  test("does not divide by no time", () => {
    const meter = new RateMeter();
    meter.update(0, 1000);
    expect(meter.update(100, 1000)).toBe(0);
    expect(meter.update(100, 2000)).toBeCloseTo(100, 6);
  });
});

describe("formatSnapshot()", () => {
  const snapshot = { ...takeSnapshot(newRunStatus(), new RateMeter(), 0), phase: "copying blobs" };

  test("shows bytes, rate, time left, window, what is in flight, images and blobs", () => {
    const line = formatSnapshot({
      ...snapshot,
      ...{ bytesMoved: 350_000_000, bytesTotal: 1_000_000_000, bytesPerSecond: 10_000_000, secondsLeft: 65 },
      ...{ windowFill: 0.874, inFlight: 8, imagesDone: 1, imagesTotal: 4, blobsDone: 7, blobsTotal: 21 },
      ...{ blobsSkipped: 2, blobsMounted: 3 },
    });
    expect(line).toBe(
      "copying blobs | 350 MB / 1.00 GB 35% | 10.0 MB/s | 1m05s left | window 87% | 8 in flight | 1/4 images | 7/21 blobs | 2 skipped | 3 mounted",
    );
  });

  test("shows of volumes which one, how often the drive ran empty, and how much of the tape is used", () => {
    const volumes = { volume: 2, underruns: 1, used: 0.426 };
    expect(formatSnapshot({ ...snapshot, volumes })).toBe(
      "copying blobs | 0 B | 0 B/s | volume 2 tape 43% | 1 underrun | 0 in flight",
    );
    expect(formatSnapshot({ ...snapshot, volumes: { ...volumes, used: undefined } })).not.toContain("tape");
  });

  test("leaves out what is unknown", () => {
    expect(formatSnapshot(snapshot)).toBe("copying blobs | 0 B | 0 B/s | 0 in flight");
  });

  test("never shows more than 100 percent, nor 100 too early", () => {
    expect(formatSnapshot({ ...snapshot, bytesMoved: 999, bytesTotal: 1000 })).toContain(" 99%");
    expect(formatSnapshot({ ...snapshot, bytesMoved: 1001, bytesTotal: 1000 })).toContain(" 100%");
  });
});

describe("takeSnapshot()", () => {
  test("calls the status's functions and reckons the time left", () => {
    const status = {
      ...newRunStatus(),
      bytesTotal: 1000,
      bytesMoved: () => 400,
      inFlight: () => 3,
      windowFill: () => 0.5,
    };
    const rate = new RateMeter();
    rate.update(0, 0);
    expect(takeSnapshot(status, rate, 2000)).toMatchObject({
      bytesMoved: 400,
      inFlight: 3,
      windowFill: 0.5,
      bytesPerSecond: expect.closeTo(200, 6),
      secondsLeft: expect.closeTo(3, 6),
    });
  });

  test("knows no time left without a rate, without a total, and when all is moved", () => {
    const rate = new RateMeter();
    rate.update(0, 0);
    expect(takeSnapshot({ ...newRunStatus(), bytesTotal: 9 }, rate, 1000).secondsLeft).toBeUndefined();
    expect(takeSnapshot({ ...newRunStatus(), bytesMoved: () => 9 }, rate, 2000).secondsLeft).toBeUndefined();
    const done = { ...newRunStatus(), bytesTotal: 9, bytesMoved: () => 9 };
    expect(takeSnapshot(done, rate, 3000).secondsLeft).toBeUndefined();
  });
});
