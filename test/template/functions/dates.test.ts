/** The functions for dates and the type they return. */
import { expect, test } from "bun:test";
import { parseTemplate } from "../../../src/template/template.ts";
import { nil } from "../../../src/template/values/make.ts";

function run(source: string): string {
  return parseTemplate("t", source).execute(nil);
}

const day = '{{$t := toDate "2006-01-02 15:04 -0700" "2020-02-29 13:05 +0000"}}{{$t = $t.UTC}}';

test("a time has the methods that Go's has", () => {
  const rows: [expression: string, result: string][] = [
    ["$t", "2020-02-29 13:05:00 +0000 UTC"],
    ['$t.Format "Jan 2"', "Feb 29"],
    ["$t.Year", "2020"],
    ["$t.Month", "February"],
    ['printf "%d" $t.Month', "2"],
    ["$t.Weekday", "Saturday"],
    ["$t.YearDay", "60"],
    ["$t.Unix", "1582981500"],
    ["unixEpoch $t", "1582981500"],
    ["$t.IsZero", "false"],
    ["toJson $t", '"2020-02-29T13:05:00Z"'],
    ["typeOf $t.Month", "time.Month"],
    ["$t.AddDate 1 0 0", "2021-03-01 13:05:00 +0000 UTC"],
    ['$t.Sub (mustDateModify "-90m" $t)', "1h30m0s"],
    ['($t.Sub (mustDateModify "-90m" $t)).Hours', "1.5"],
    ['$t.Before (must_date_modify "1ns" $t)', "true"],
    ["$t.Truncate 3600000000000", "2020-02-29 13:00:00 +0000 UTC"],
    ['printf "%#v" $t', "time.Date(2020, time.February, 29, 13, 5, 0, 0, time.UTC)"],
    ["deepEqual $t $t.UTC", "true"],
  ];
  for (const [expression, result] of rows) {
    expect([expression, run(`${day}{{${expression}}}`)]).toEqual([expression, result]);
  }
});

test("what is no date is the zero time, or an error for the must form", () => {
  expect(run('{{toDate "2006" "x"}}')).toBe("0001-01-01 00:00:00 +0000 UTC");
  expect(() => run('{{mustToDate "2006" "x"}}')).toThrow(
    'error calling mustToDate: parsing time "x" as "2006"',
  );
  expect(() => run('{{unixEpoch "x"}}')).toThrow('can\'t handle "x" for arg of type time.Time');
});

test("duration and durationRound take strings and int64 only", () => {
  expect(run('{{duration "93784"}} {{duration 61}} {{duration (int64 61)}} {{duration nil}}')).toBe(
    "26h3m4s 0s 1m1s 0s",
  );
  expect(run('{{durationRound "2400h5s"}} {{durationRound "1s"}} {{durationRound 1.5}}')).toBe("3mo 0s 0s");
});

test("ago counts from a time to now", () => {
  expect(run("{{ago 0}}")).toMatch(/^[0-9]+h[0-9]+m[0-9]+s$/);
  expect(run("{{ago true}}")).toBe("0s");
});
