/** Everything that a drive says of itself and its tape without moving it. */
import { asksForCleaning } from "./kernel-tape.ts";
import type { TapeCapacity, TapeDevice } from "./tape-device.ts";

/** Where a tape stands. What the driver or the drive does not know is undefined. */
export interface HeadPosition {
  /** `loading`: a tape is in, and cannot be used yet. `unknown`: the driver does not answer. */
  state: "online" | "empty" | "loading" | "unknown";
  /** As the driver counts: the file from 0, the block from 0 in that file. */
  file: number | undefined;
  block: number | undefined;
  /** As the drive counts, and MTSEEK: blocks and filemarks from the beginning of the tape. */
  driveBlock: number | undefined;
  beginning: boolean;
  endOfTape: boolean;
  endOfData: boolean;
}

/** How a drive and its tape are. What follows {@link HeadPosition} is undefined where it is not to be had. */
export interface DriveReport extends HeadPosition {
  writeProtected: boolean | undefined;
  /** 0 is variable. */
  fixedBlockBytes: number | undefined;
  /** See densities.ts. */
  densityCode: number | undefined;
  compression: boolean | undefined;
  minBlockBytes: number | undefined;
  maxBlockBytes: number | undefined;
  cleaningAsked: boolean | undefined;
  /** TapeAlert flags that are up, see tape-alerts.ts. Drives put them down when they have told them. */
  alerts: readonly number[] | undefined;
  capacity: TapeCapacity | undefined;
}

/** Asks the drive where the tape stands. Moves nothing. */
export function headPosition(device: TapeDevice): HeadPosition {
  const status = device.status();
  const known = (count: number | undefined) => (count === undefined || count < 0 ? undefined : count);
  if (status?.online !== true) {
    const state = status === undefined ? "unknown" : status.empty ? "empty" : "loading";
    const nowhere = { file: undefined, block: undefined, driveBlock: undefined };
    return { state, ...nowhere, beginning: false, endOfTape: false, endOfData: false };
  }
  return {
    state: "online",
    file: known(status.file),
    block: known(status.block),
    driveBlock: device.position(),
    beginning: status.beginning,
    endOfTape: status.endOfTape,
    endOfData: status.endOfData,
  };
}

/** Asks the drive everything. Moves nothing, also without a tape. */
export function reportDrive(device: TapeDevice): DriveReport {
  const head = headPosition(device);
  const status = device.status();
  const facts = device.facts();
  // Of a tape that is not there the driver says what it knew of the last one.
  const tape = head.state === "online" ? status : undefined;
  return {
    ...head,
    writeProtected: tape?.writeProtected,
    fixedBlockBytes: tape?.fixedBlockBytes,
    densityCode: tape?.densityCode === 0 ? undefined : tape?.densityCode,
    ...facts,
    // Without TapeAlert a drive may ask for it unheard.
    cleaningAsked: asksForCleaning(status, facts) || (facts.alerts === undefined ? undefined : false),
    capacity: tape === undefined ? undefined : device.capacity(),
  };
}
