/** SCSI answers: a status, data, or sense data that says what is wrong (SPC-4, fixed format). */

/** How the drive answers a command. */
export interface DriveAnswer {
  /** SAM-5 status: 0 good, 2 check condition. */
  status: 0 | 2;
  data?: Uint8Array;
  sense?: Uint8Array;
}

/** Additional sense: key, code and qualifier. */
export type Sense = readonly [key: number, code: number, qualifier: number];

/** Sense data by name; key, ASC, ASCQ. */
export const senses = {
  none: [0, 0, 0],
  filemark: [0, 0, 1],
  endOfMedium: [0, 0, 2],
  notReadyBecomingReady: [2, 0x04, 1],
  noMedium: [2, 0x3a, 0],
  mediumError: [3, 0x0c, 0],
  hardwareError: [4, 0x44, 0],
  invalidOpcode: [5, 0x20, 0],
  invalidField: [5, 0x24, 0],
  noSuchUnit: [5, 0x25, 0],
  invalidParameter: [5, 0x26, 0],
  mediumChanged: [6, 0x28, 0],
  reset: [6, 0x29, 0],
  writeProtected: [7, 0x27, 0],
  endOfData: [8, 0, 5],
  beginningOfTape: [0, 0, 4],
  aborted: [0x0b, 0, 0],
  overflow: [0x0d, 0, 2],
} as const satisfies Record<string, Sense>;

/** Bits beside the sense key. */
export const senseBits = { filemark: 0x80, endOfMedium: 0x40, wrongLength: 0x20 } as const;

/** Good, with or without data. */
export function good(data?: Uint8Array): DriveAnswer {
  return data === undefined ? { status: 0 } : { status: 0, data };
}

/** Check condition. */
export function check(
  [key, code, qualifier]: Sense,
  { bits = 0, information, data }: { bits?: number; information?: number; data?: Uint8Array } = {},
): DriveAnswer {
  const sense = Buffer.alloc(18);
  sense[0] = information === undefined ? 0x70 : 0xf0;
  sense[2] = key | bits;
  sense.writeInt32BE(information ?? 0, 3);
  sense[7] = 10;
  sense[12] = code;
  sense[13] = qualifier;
  return { status: 2, sense, ...(data === undefined ? {} : { data }) };
}
