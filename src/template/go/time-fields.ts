/** What is gathered while a time is read, field by field. */

/** What has been read so far. */
export interface FieldsRead {
  year: number;
  month: number | undefined;
  day: number | undefined;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanoseconds: number;
  isPm: boolean;
  isAm: boolean;
  /** `Z` or `UTC` was read. */
  isUtc: boolean;
  /** Seconds east of UTC. */
  offset: number | undefined;
  zoneName: string;
}

/** The value does not have the field's form, or (`outOfRange` names the field then) its number is too great. */
export class BadField extends Error {
  constructor(readonly outOfRange = "") {
    super(`bad value for field ${outOfRange}`);
    this.name = "BadField";
  }
}

/** Nothing read yet. */
export function newFields(): FieldsRead {
  return {
    year: 0,
    month: undefined,
    day: undefined,
    yearDay: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanoseconds: 0,
    isPm: false,
    isAm: false,
    isUtc: false,
    offset: undefined,
    zoneName: "",
  };
}
