/** What can be set on an emulated drive, and what can be made to go wrong. */
import type { Sense } from "./sense.ts";
import type { StreamingSettings } from "./streaming.ts";

/** The operations that faults are ordered for, by their SCSI code. */
export const operations = {
  write: 0x0a,
  read: 0x08,
  filemarks: 0x10,
  space: 0x11,
  locate: 0x2b,
  rewind: 0x01,
  position: 0x34,
  ready: 0x00,
} as const;

/** Something that goes wrong. */
export interface Fault {
  on: keyof typeof operations;
  /** Only at this position; anywhere when left out. */
  position?: number;
  /** What is answered; the command is done as usual when left out. */
  sense?: Sense;
  /** The tape goes to its beginning first, as in a reset. */
  rewinds?: boolean;
  /** The command is done, and then the sense is answered. */
  after?: boolean;
  /** The answer comes this much later. */
  delayMs?: number;
  /** No answer at all. */
  drop?: boolean;
  /** How often; once when left out. */
  times?: number;
}

/** What can be set on a drive at any time. */
export interface DriveSettings {
  /** Of a cartridge that does not say its own. */
  capacityBytes: number;
  /** Before the end of the tape, writes say that it is near; with 0 the end comes without warning. */
  earlyWarningBytes: number;
  minBlockBytes: number;
  maxBlockBytes: number;
  /** Whatever the cartridge says. */
  writeProtected: boolean;
  /** Becomes ready only when it is set to true. */
  ready: boolean;
  /** How long it is not ready after a cartridge came in. */
  loadingMs: number;
  /** TapeAlert flag 20, "clean now" (TapeAlert specification 3). */
  cleaningAsked: boolean;
  /** Says near the end that there was no room for a block, and has stored it. */
  storesWhenFull: boolean;
  /** Says nothing when there is no room, and stores nothing. */
  swallowsWhenFull: boolean;
  /** The pace of the tape; as fast as the commands come when undefined. */
  streaming: StreamingSettings | undefined;
}

export const usualSettings: DriveSettings = {
  capacityBytes: 256 * 1024 * 1024,
  earlyWarningBytes: 2 * 1024 * 1024,
  minBlockBytes: 1,
  maxBlockBytes: 8 * 1024 * 1024,
  writeProtected: false,
  ready: true,
  loadingMs: 0,
  cleaningAsked: false,
  storesWhenFull: false,
  swallowsWhenFull: false,
  streaming: undefined,
};
