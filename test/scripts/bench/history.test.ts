/** What docs/performance.md shows is what was measured. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { drawHistory, historyOf, newestTable } from "../../../scripts/bench/history.ts";
import { type Measurement, readMeasurements } from "../../../scripts/bench/measurement.ts";
import { repositoryRoot } from "../../../scripts/build-binary.ts";

const page = (name: string) => Bun.file(join(repositoryRoot, "docs", name)).text();

test("the figures of docs/performance.md are the newest of scripts/bench/measurements", async () => {
  const history = historyOf(await readMeasurements());
  expect(await page("performance.md")).toContain(newestTable(history));
  expect(await page("performance.svg")).toBe(drawHistory(history));
});

test("a job has a chart once it was measured twice, and its newest figure in the table", () => {
  const measured = (commit: string, date: string, cpuSeconds: number): Measurement => ({
    ...{ commit, date, processors: 2 },
    jobs: [{ job: "a-job", wallSeconds: { median: 2 }, cpuSeconds, peakMegabytes: 3 }],
  });
  const first = measured("1111111", "2026-01-01T00:00:00Z", 1);
  const second = measured("2222222", "2026-01-02T00:00:00Z", 4);
  expect(drawHistory(historyOf([first]))).not.toContain("a-job");
  expect(drawHistory(historyOf([first, second]))).toContain("2222222: 4.00 s, 2.00 s");
  expect(newestTable(historyOf([first, second]))).toContain(
    "| a-job | 2.00 | 4.00 | 3 | 2026-01-02 2222222 |",
  );
});
