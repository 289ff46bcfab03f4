/** The system calls that Bun has no function for. */
import { dlopen, FFIType, ptr, read } from "bun:ffi";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { AceError, messageOf } from "../errors.ts";
import { memoryLimit } from "./memory-limit.ts";

const symbols = {
  ioctl: { args: [FFIType.i32, FFIType.u64, FFIType.ptr], returns: FFIType.i32 },
  sync_file_range: { args: [FFIType.i32, FFIType.i64, FFIType.i64, FFIType.u32], returns: FFIType.i32 },
  posix_fadvise: { args: [FFIType.i32, FFIType.i64, FFIType.i64, FFIType.i32], returns: FFIType.i32 },
  poll: { args: [FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i32 },
  flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  // Where errno is, in glibc and in musl.
  __errno_location: { args: [], returns: FFIType.ptr },
} as const;

type Library = ReturnType<typeof openLibrary>;

function openLibrary() {
  // The two C libraries name themselves differently; only musl has a loader of this name.
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  return dlopen(existsSync(`/lib/ld-musl-${arch}.so.1`) ? `libc.musl-${arch}.so.1` : "libc.so.6", symbols);
}

/** The C library, or why it cannot be had: a process with next to no memory left cannot map the few pages that calls into it need. */
let opened: { library: Library } | { failure: unknown } | undefined;

function libraryOrFailure(): { library: Library } | { failure: unknown } {
  if (opened !== undefined) return opened;
  try {
    opened = { library: openLibrary() };
  } catch (failure) {
    opened = { failure };
  }
  return opened;
}

/** For calls that only make things better: undefined where they cannot be made. */
function libraryIfThere(): Library | undefined {
  const found = libraryOrFailure();
  return "library" in found ? found.library : undefined;
}

/** @throws AceError `internal` when there is no calling into the C library */
function library(): Library {
  const found = libraryOrFailure();
  if ("library" in found) return found.library;
  throw new AceError("internal", `Cannot call the system's C library: ${messageOf(found.failure)}`, {
    cause: found.failure,
    hint: `It takes a little memory: ${memoryLimit().text}.`,
  });
}

/**
 * ioctl(2) with a pointer to `argument`, which it may change.
 * @returns the name of the error (`EIO`), or undefined when it went well
 */
export function ioctl(fd: number, request: number, argument: Uint8Array): string | undefined {
  if (library().symbols.ioctl(fd, request, ptr(argument)) === 0) return undefined;
  const number = errno();
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `error ${number}`;
}

/** Where an argument that points at other memory finds it. The memory must be kept alive for as long as the address is used. */
export function addressOf(bytes: Uint8Array): bigint {
  return BigInt(ptr(bytes));
}

/** What the last system call of this thread failed with. */
function errno(): number {
  return valueAt(library().symbols.__errno_location());
}

/** A pipe that is written to in between loses little time. Milliseconds. */
const shortWaitMs = 10;

/** asm-generic/poll.h: POLLIN and POLLOUT. */
const pollEvents = { read: 1, write: 4 } as const;

/** One wait of a thread. Nothing is lost by looking again; this bounds how late an abort is seen should a wake-up be missed. */
export const longestWaitMs = 500;

/**
 * poll(2): blocks the thread until a pipe, socket or device can be read from or written to, or its other end is gone, for half a second
 * at most. Whatever the reason, the next call tells what there is.
 */
export function waitUntilReady(fd: number, to: keyof typeof pollEvents): void {
  const there = libraryIfThere();
  if (there === undefined) {
    // Where the question cannot be asked, whoever asks looks again a little later.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, shortWaitMs);
    return;
  }
  // struct pollfd: int fd, short events, short revents
  const asked = new DataView(new ArrayBuffer(8));
  asked.setInt32(0, fd, true);
  asked.setInt16(4, pollEvents[to], true);
  there.symbols.poll(ptr(asked), 1, longestWaitMs);
}

/** linux/fs.h */
const syncFileRangeWrite = 2;

/**
 * sync_file_range(2): asks the kernel to begin writing a range to disk now, and does not wait for it. Only a hint: whether
 * it is on the disk is what fdatasync(2) says. Does nothing where the call does not exist.
 */
export function startWriteback(fd: number, offset: number, length: number): void {
  if (process.platform !== "linux") return;
  libraryIfThere()?.symbols.sync_file_range(fd, offset, length, syncFileRangeWrite);
}

/** linux/fadvise.h: POSIX_FADV_DONTNEED */
const adviseNoNeed = 4;

/** posix_fadvise(2): lets the system forget what it has of a file in memory, so that a read comes from the disk. Only a hint. */
export function dropCached(fd: number): void {
  if (process.platform !== "linux") return;
  libraryIfThere()?.symbols.posix_fadvise(fd, 0, 0, adviseNoNeed);
}

/** sys/file.h: LOCK_EX and LOCK_NB. */
const lockAtOnce = 2 | 4;

/** What {@link flock} found: `unknown` where the file system has no such locks, or the call cannot be made. */
export type LockAttempt = "taken" | "held" | "unknown";

/**
 * flock(2): takes the lock of an open file, without waiting. It lasts until the descriptor is closed, and the kernel takes it back when
 * its holder dies; it holds between containers that share a directory too. On NFS, Linux makes it a lock of the server on all of the
 * file (flock(2), "NFS details"): it holds between machines, unless the mount says `nolock` or `local_lock`, which makes it one among
 * the processes of a machine; without a lock service on the server it is `unknown`.
 * @param fd open for writing, which NFS wants
 */
export function flock(fd: number): LockAttempt {
  const calls = process.platform === "darwin" ? flockOfDarwin() : flockOfLinux();
  if (calls === undefined) return "unknown";
  const { call, failure, heldBy } = calls;
  if (call(fd, lockAtOnce) === 0) return "taken";
  return failure() === heldBy ? "held" : "unknown";
}

function flockOfLinux() {
  const there = libraryIfThere();
  return there && { call: there.symbols.flock, failure: errno, heldBy: constants.errno.EAGAIN };
}

let darwin: ReturnType<typeof openDarwin> | undefined;

function openDarwin() {
  return dlopen("libSystem.B.dylib", { flock: symbols.flock, __error: symbols.__errno_location });
}

function flockOfDarwin() {
  darwin ??= openDarwin();
  const { flock: call, __error } = darwin.symbols;
  const failure = () => valueAt(__error());
  return { call, failure, heldBy: constants.errno.EWOULDBLOCK };
}

/** C's `*place`. */
function valueAt(place: Parameters<typeof read.i32>[0] | null): number {
  return place === null ? 0 : read.i32(place);
}
