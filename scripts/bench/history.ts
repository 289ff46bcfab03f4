/**
 * Draws how the figures went from commit to commit: `bun scripts/bench/history.ts` writes docs/performance.svg, and prints the newest figure of
 * each job. Measurements come from machines and hours of their own: steps of a tenth or two may be the machine's.
 */
import { join } from "node:path";
import { repositoryRoot } from "../build-binary.ts";
import { type MeasuredJob, type Measurement, readMeasurements } from "./measurement.ts";

/** A job's figure, and when it was taken. */
interface Point {
  measurement: Measurement;
  job: MeasuredJob;
}

/** Jobs that were measured more than once, each with its points, oldest first. */
export function historyOf(measurements: readonly Measurement[]): Map<string, Point[]> {
  const history = new Map<string, Point[]>();
  for (const measurement of measurements) {
    for (const job of measurement.jobs)
      history.set(job.job, [...(history.get(job.job) ?? []), { measurement, job }]);
  }
  return history;
}

// Pixels.
const chart = { width: 250, height: 90, gap: 30, columns: 3, top: 20, bottom: 30 };

/** A small chart for each job: processor seconds, and wall seconds, from measurement to measurement. */
export function drawHistory(history: ReadonlyMap<string, readonly Point[]>): string {
  const jobs = [...history].filter(([, points]) => points.length > 1).sort(([a], [b]) => a.localeCompare(b));
  const rowHeight = chart.top + chart.height + chart.bottom;
  const rows = Math.ceil(jobs.length / chart.columns);
  const width = chart.columns * (chart.width + chart.gap) + chart.gap;
  const height = rows * rowHeight + chart.gap;
  const cells = jobs.map(([name, points], at) => {
    const x = chart.gap + (at % chart.columns) * (chart.width + chart.gap);
    const y = chart.gap + Math.floor(at / chart.columns) * rowHeight;
    return `<g transform="translate(${x} ${y})">${drawJob(name, points)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
${cells.join("\n")}
</svg>
`;
}

function drawJob(name: string, points: readonly Point[]): string {
  const cpu = points.map(({ job }) => job.cpuSeconds);
  const wall = points.map(({ job }) => job.wallSeconds.median);
  const most = Math.max(...cpu, ...wall);
  const place = (value: number, at: number) => {
    const x = (at / Math.max(1, points.length - 1)) * chart.width;
    return `${x.toFixed(1)},${(chart.height - (value / most) * chart.height).toFixed(1)}`;
  };
  const line = (values: readonly number[], style: string) =>
    `<polyline points="${values.map(place).join(" ")}" fill="none" ${style}/>`;
  const [first, last] = [points[0]?.measurement, points.at(-1)?.measurement];
  return [
    `<text y="-6" font-weight="bold">${name}</text>`,
    `<text x="${chart.width}" y="-6" text-anchor="end">${most.toFixed(2)} s</text>`,
    `<line y1="${chart.height}" y2="${chart.height}" x2="${chart.width}" stroke="#999"/>`,
    line(wall, 'stroke="#bbb" stroke-width="1.5"'),
    line(cpu, 'stroke="#0366a6" stroke-width="2"'),
    `<text y="${chart.height + 14}">${first?.commit.slice(0, 7) ?? ""}</text>`,
    `<text x="${chart.width}" y="${chart.height + 14}" text-anchor="end">${last?.commit.slice(0, 7) ?? ""}: ${cpu.at(-1)?.toFixed(2)} s, ${wall.at(-1)?.toFixed(2)} s</text>`,
  ].join("");
}

/** The newest figure of each job, as rows of a Markdown table. */
export function newestTable(history: ReadonlyMap<string, readonly Point[]>): string {
  const rows = [...history]
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([name, points]) => {
      const newest = points.at(-1);
      if (newest === undefined) return [];
      const { measurement, job } = newest;
      const { wallSeconds, cpuSeconds, peakMegabytes } = job;
      return [
        `| ${name} | ${wallSeconds.median.toFixed(2)} | ${cpuSeconds.toFixed(2)} | ${peakMegabytes} | ${measurement.date.slice(0, 10)} ${measurement.commit.slice(0, 7)} |`,
      ];
    });
  return ["| job | wall s | CPU s | peak MB | measured |", "|---|---|---|---|---|", ...rows].join("\n");
}

if (import.meta.main) {
  const history = historyOf(await readMeasurements());
  await Bun.write(join(repositoryRoot, "docs", "performance.svg"), drawHistory(history));
  console.log(newestTable(history));
}
