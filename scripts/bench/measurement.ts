/** What one run of the benchmark found, as a file of scripts/bench/measurements: one for each commit that was measured. */
import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { repositoryRoot } from "../build-binary.ts";

const figure = v.pipe(v.number(), v.minValue(0));

const measurementSchema = v.object({
  /** Whose binary it was. */
  commit: v.pipe(v.string(), v.regex(/^[0-9a-f]{7,40}(-dirty)?$/)),
  /** When it was measured, as in RFC 3339. */
  date: v.pipe(v.string(), v.isoTimestamp()),
  processors: v.pipe(v.number(), v.minValue(1)),
  jobs: v.array(
    v.object({
      job: v.string(),
      wallSeconds: v.object({ median: figure, least: v.optional(figure), most: v.optional(figure) }),
      /** Of all threads, median. */
      cpuSeconds: figure,
      /** The most of all rounds; 10^6 bytes. */
      peakMegabytes: figure,
    }),
  ),
});

/** A measurement, from its file. */
export type Measurement = v.InferOutput<typeof measurementSchema>;
/** A row of it. */
export type MeasuredJob = Measurement["jobs"][number];

const directory = join(repositoryRoot, "scripts", "bench", "measurements");

/** All measurements, oldest first. @throws Error that names the file when one is not as it should be */
export async function readMeasurements(): Promise<Measurement[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".json"));
  const measurements = await Promise.all(
    names.map(async (name) => {
      const result = v.safeParse(measurementSchema, await Bun.file(join(directory, name)).json());
      if (!result.success) throw new Error(`Cannot read ${name}: ${v.summarize(result.issues)}`);
      return result.output;
    }),
  );
  return measurements.sort((a, b) => Date.parse(a.date) - Date.parse(b.date));
}

/**
 * Puts a measurement beside the others, in the place of one of the same day and commit.
 * @returns the file's path
 */
export async function saveMeasurement(commit: string, jobs: readonly MeasuredJob[]): Promise<string> {
  const date = new Date().toISOString();
  const measurement: Measurement = { commit, date, processors: availableParallelism(), jobs: [...jobs] };
  const path = join(directory, `${date.slice(0, 10)}-${commit.slice(0, 7)}.json`);
  await Bun.write(path, `${JSON.stringify(measurement, null, 2)}\n`);
  return path;
}
