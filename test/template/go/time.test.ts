/** Times and spans, against results of Go 1.24. */
import { expect, test } from "bun:test";
import { formatDuration, parseDuration, roundDuration } from "../../../src/template/go/duration.ts";
import { formatTime, goStringOfTime, timeToString } from "../../../src/template/go/format-time.ts";
import { parseTime } from "../../../src/template/go/parse-time.ts";
import { addDate, addNanoseconds, clockOf, utc, zeroTime } from "../../../src/template/go/time.ts";

test("a time is read by layout and written by another", () => {
  const rows: [layout: string, value: string, written: string][] = [
    ["2006-01-02", "2020-02-29", "2020-02-29 00:00:00 +0000 UTC"],
    ["2006-01-02T15:04:05Z07:00", "2020-02-03T14:05:06.5+02:00", "2020-02-03 14:05:06.5 +0200 +0200"],
    ["Mon Jan _2 15:04:05 2006", "MON feb  3 14:05:06 2020", "2020-02-03 14:05:06 +0000 UTC"],
    ["02 Jan 06 15:04 MST", "03 Feb 70 14:05 CEST", "1970-02-03 14:05:00 +0000 CEST"],
    // Go takes the clock for UTC here and shows it in the zone.
    ["3:04PM MST", "12:30PM GMT-7", "0000-01-01 05:30:00 -0700 GMT-7"],
    ["2006-002", "2020-060", "2020-02-29 00:00:00 +0000 UTC"],
    ["05.000", "06.123", "0000-01-01 00:00:06.123 +0000 UTC"],
  ];
  for (const [layout, value, written] of rows) {
    expect([layout, timeToString(parseTime(layout, value, utc))]).toEqual([layout, written]);
  }
});

test("parseTime() says what it could not read", () => {
  const bad: [layout: string, value: string, message: string][] = [
    ["2006", "x", 'parsing time "x" as "2006": cannot parse "x" as "2006"'],
    ["2006-01", "2020-13", 'parsing time "2020-13": month out of range'],
    ["2006-01-02", "2021-02-29", 'parsing time "2021-02-29": day out of range'],
    ["2006", "2020é", 'parsing time "2020\\xe9": extra text: "\\xe9"'],
    ["2006-002", "2021-366", 'parsing time "2021-366": day-of-year out of range'],
    ["2006 Z07:00", "2020 +25:00", 'parsing time "2020 +25:00": time zone offset hour out of range'],
    ["2006/01", "2020-01", 'parsing time "2020-01" as "2006/01": cannot parse "-01" as "/"'],
  ];
  for (const [layout, value, message] of bad) {
    expect(() => parseTime(layout, value, utc)).toThrow(new Error(message));
  }
});

test("formatTime() knows every field of a layout", () => {
  const time = parseTime("2006-01-02 15:04:05.999999999 -0700", "2009-02-04 21:00:57.012345678 -0330", utc);
  const layout =
    "January Jan 1 01 Monday Mon 2 _2 02 __2 002 15 3 03 4 04 5 05 2006 06 PM pm -0700 -07 -07:00:00 Z07:00 .000 ,999999 MST _2006 Janet";
  expect(formatTime(time, layout)).toBe(
    "February Feb 2 02 Wednesday Wed 4  4 04  35 035 21 9 09 0 00 57 57 2009 09 PM pm -0330 -03 -03:30:00 -03:30 .012 ,012345 -0330 _2009 Janet",
  );
  expect(goStringOfTime(time)).toBe(
    'time.Date(2009, time.February, 4, 21, 0, 57, 12345678, time.Location(""))',
  );
  expect(timeToString(zeroTime())).toBe("0001-01-01 00:00:00 +0000 UTC");
});

test("times move by spans and by the calendar", () => {
  const time = parseTime("2006-01-02", "2020-01-31", utc);
  expect(formatTime(addDate(time, 0, 1, 0), "2006-01-02")).toBe("2020-03-02");
  expect(formatTime(addDate(time, -1, -13, -31), "2006-01-02")).toBe("2017-11-30");
  expect(formatTime(addNanoseconds(time, -1n), "2006-01-02 15:04:05.999999999")).toBe(
    "2020-01-30 23:59:59.999999999",
  );
  expect(clockOf(parseTime("2006-01-02", "0000-03-01", utc))).toMatchObject({ weekday: 3, yearDay: 61 });
});

test("spans of time are written and read as Go does it", () => {
  const rows: [nanoseconds: bigint, text: string][] = [
    [0n, "0s"],
    [1n, "1ns"],
    [1500n, "1.5\xc2\xb5s"],
    [-1_000_000n, "-1ms"],
    [61_000_000_000n, "1m1s"],
    [3_600_000_000_001n, "1h0m0.000000001s"],
    [-9223372036854775808n, "-2562047h47m16.854775808s"],
  ];
  for (const [nanoseconds, text] of rows) {
    expect(formatDuration(nanoseconds)).toBe(text);
    expect(parseDuration(text)).toBe(nanoseconds);
  }
  const bad: [text: string, message: string][] = [
    ["", 'time: invalid duration ""'],
    ["1", 'time: missing unit in duration "1"'],
    ["1x", 'time: unknown unit "x" in duration "1x"'],
    ["9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'],
  ];
  for (const [text, message] of bad) expect(() => parseDuration(text)).toThrow(new Error(message));
  expect(roundDuration(-1_500_000_000n, 1_000_000_000n)).toBe(-2_000_000_000n);
});
