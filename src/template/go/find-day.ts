/** Works out month and day of a time that was read, from either of them or from the day of the year. */

import { daysIn } from "./time.ts";
import type { FieldsRead } from "./time-fields.ts";

/** Month and day, or what is wrong with them, in Go's words. */
export function findDay(read: FieldsRead): { month: number; day: number } | string {
  if (read.yearDay !== undefined) return fromYearDay(read, read.yearDay);
  const { month = 1, day = 1 } = read;
  return day < 1 || day > daysIn(month, read.year) ? "day out of range" : { month, day };
}

function fromYearDay(read: FieldsRead, yearDay: number): { month: number; day: number } | string {
  let month = 1;
  let day = yearDay;
  while (month <= 12 && day > daysIn(month, read.year)) {
    day -= daysIn(month, read.year);
    month++;
  }
  if (yearDay < 1 || month > 12) return "day-of-year out of range";
  if (read.month !== undefined && read.month !== month) return "day-of-year does not match month";
  if (read.day !== undefined && read.day !== day) return "day-of-year does not match day";
  return { month, day };
}
