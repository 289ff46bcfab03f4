/** SCSI commands that ask a drive something, past its driver (scsi/sg.h, SG_IO). Only root may, or who has CAP_SYS_RAWIO. */
import { addressOf, ioctl } from "../../system/system-calls.ts";

/** scsi/sg.h, version 3 of the interface, on machines with 64-bit pointers. */
const sgIo = 0x2285;
/** Behind the header's 88 bytes. The answer is page-aligned enough when it is large: such memory begins on a page. */
const commandAt = 96;
const senseAt = 128;
const answerAt = 192;
const fromDevice = -3;
const timeoutMs = 10_000;

/** Questions: they move nothing and change nothing, but that reading TapeAlert's page puts its flags down (SSC-3 8.2.3). */
export const questions = {
  /** READ BLOCK LIMITS */
  blockLimits: [0x05, 0, 0, 0, 0, 0],
  /** MODE SENSE (6), current values of the data compression page */
  compressionPage: [0x1a, 0, 0x0f, 0, 64, 0],
  /** LOG SENSE, cumulative values of the TapeAlert page */
  alertPage: [0x4d, 0, 0x40 | 0x2e, 0, 0, 0, 0, 1, 0x44, 0],
  /** LOG SENSE, cumulative values of the tape capacity page */
  capacityPage: [0x4d, 0, 0x40 | 0x31, 0, 0, 0, 0, 0, 36, 0],
} as const;

/**
 * Runs a command that answers with data.
 * @param answerBytes of room for the answer
 * @param wanted `anything` takes it as answered when the way to the drive takes a transfer of `answerBytes`, whatever the drive says
 * @returns the answer; undefined when there is none. Without the right to ask, `anything` is answered
 */
export function runScsi(
  fd: number,
  command: readonly number[],
  answerBytes: number,
  wanted: "answer" | "anything" = "answer",
): Uint8Array | undefined {
  // One piece of memory for the header and all that it points at, so that none of it can be collected during the call.
  const memory = new Uint8Array(answerAt + answerBytes);
  const view = new DataView(memory.buffer);
  const address = addressOf(memory);
  memory.set(command, commandAt);
  view.setInt32(0, "S".charCodeAt(0), true);
  view.setInt32(4, fromDevice, true);
  view.setUint8(8, command.length);
  view.setUint8(9, answerAt - senseAt);
  view.setUint32(12, answerBytes, true);
  view.setBigUint64(16, address + BigInt(answerAt), true);
  view.setBigUint64(24, address + BigInt(commandAt), true);
  view.setBigUint64(32, address + BigInt(senseAt), true);
  view.setUint32(40, timeoutMs, true);
  const code = ioctl(fd, sgIo, memory);
  const answer = memory.subarray(answerAt);
  if (wanted === "anything") {
    const mayNotAsk = code === "EPERM" || code === "EACCES";
    return code === undefined || mayNotAsk ? answer : undefined;
  }
  const isGood = view.getUint8(64) === 0 && view.getUint16(68, true) === 0;
  return code === undefined && isGood ? answer : undefined;
}
