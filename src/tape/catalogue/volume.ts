/** What is known of a volume of a set, as plain data for both sides of a thread boundary: which one it is, how far it is, which one is wanted. */

/** Which volume of which set, and where it begins. */
export interface Volume {
  /** Sixteen hexadecimal digits, the same for all volumes of an archive; empty while it is not known. */
  set: string;
  /** From 1. */
  volume: number;
  /** Bytes of the archive in front of it. */
  offset: number;
}

/** Where on a tape a volume begins, and what tape it is. Undefined is what is not known, and all of it elsewhere than on a tape. */
export interface TapeStart {
  /** Number of the tape's file. */
  file: number | undefined;
  /** The block, as MTSEEK counts. */
  block: number | undefined;
  /** Bytes of a tape block: those of a write, or fewer in fixed block mode. */
  tapeBlockBytes?: number | undefined;
  /** What such a cartridge holds without compression. */
  nativeBytes?: number | undefined;
}

/** How far a volume is written, all of it on its medium. */
export interface VolumeProgress extends Volume, TapeStart {
  /** Bytes of the archive in front of what is to follow. */
  at: number;
  /** Bytes of each write. */
  blockBytes: number;
  segmentBytes: number;
  /** Hashes of its whole segments, and of what follows them up to `at`; undefined when that is not known. */
  segments: readonly string[];
  open: string | undefined;
  /** Its medium takes no more data: only the catalogue is still to be written. */
  isAtEnd: boolean;
}

/** A volume that is to be written: a fresh one, or one that goes on behind what an earlier run wrote. */
export interface VolumeStart extends Volume {
  /** Where writing goes on: what comes in may begin in front of it. */
  at: number;
  /** On a tape: what an earlier run wrote of it. */
  written?: (VolumeProgress & { block: number }) | undefined;
  /** In a file: the same, open; the descriptor is the medium's from now on. */
  fd?: number | undefined;
  /** Said of the medium that is there, when it is known to be another one's; undefined tries it. */
  change?: Pick<WantedVolume, "reason" | "message"> | undefined;
}

/** A volume whose medium is asked for. */
export interface WantedVolume extends Volume {
  /** `full`: the one before is; `next`: the one before is read; `wrong`: what is there cannot be used. */
  reason: "full" | "next" | "wrong";
  /** What there is to say of the medium before, or of the one that is there. */
  message: string;
}

/** Brings media: a command of the user's, or a hand. */
export interface VolumeChanger {
  /** Resolves when the medium may be there. @throws AceError when there is none to be had */
  change(wanted: WantedVolume): Promise<void>;
}

/** A medium is asked for so often before it is given up: a changer that always brings the same tape would never end. */
export const mostRefusals = 5;
