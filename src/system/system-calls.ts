/** The system calls that Bun has no function for. */
import { dlopen, FFIType, ptr, read } from "bun:ffi";
import { constants } from "node:os";

const symbols = {
  ioctl: { args: [FFIType.i32, FFIType.u64, FFIType.ptr], returns: FFIType.i32 },
  sync_file_range: { args: [FFIType.i32, FFIType.i64, FFIType.i64, FFIType.u32], returns: FFIType.i32 },
  posix_fadvise: { args: [FFIType.i32, FFIType.i64, FFIType.i64, FFIType.i32], returns: FFIType.i32 },
  poll: { args: [FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i32 },
  flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  // Where errno is, in glibc and in musl.
  __errno_location: { args: [], returns: FFIType.ptr },
} as const;

let libc: ReturnType<typeof open> | undefined;

function open() {
  try {
    return dlopen("libc.so.6", symbols);
  } catch {
    // musl names its C library otherwise.
    return dlopen(process.arch === "arm64" ? "libc.musl-aarch64.so.1" : "libc.musl-x86_64.so.1", symbols);
  }
}

/**
 * ioctl(2) with a pointer to `argument`, which it may change.
 * @returns the name of the error (`EIO`), or undefined when it went well
 */
export function ioctl(fd: number, request: number, argument: Uint8Array): string | undefined {
  libc ??= open();
  if (libc.symbols.ioctl(fd, request, ptr(argument)) === 0) return undefined;
  const number = errno();
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `error ${number}`;
}

/** Where an argument that points at other memory finds it. The memory must be kept alive for as long as the address is used. */
export function addressOf(bytes: Uint8Array): bigint {
  return BigInt(ptr(bytes));
}

/** What the last system call of this thread failed with. */
function errno(): number {
  libc ??= open();
  return valueAt(libc.symbols.__errno_location());
}

/** asm-generic/poll.h: POLLIN and POLLOUT. */
const pollEvents = { read: 1, write: 4 } as const;

/** One wait of a thread. Nothing is lost by looking again; this bounds how late an abort is seen should a wake-up be missed. */
export const longestWaitMs = 500;

/**
 * poll(2): blocks the thread until a pipe, socket or device can be read from or written to, or its other end is gone, for half a second
 * at most. Whatever the reason, the next call tells what there is.
 */
export function waitUntilReady(fd: number, to: keyof typeof pollEvents): void {
  libc ??= open();
  // struct pollfd: int fd, short events, short revents
  const asked = new DataView(new ArrayBuffer(8));
  asked.setInt32(0, fd, true);
  asked.setInt16(4, pollEvents[to], true);
  libc.symbols.poll(ptr(asked), 1, longestWaitMs);
}

/** linux/fs.h */
const syncFileRangeWrite = 2;

/**
 * sync_file_range(2): asks the kernel to begin writing a range to disk now, and does not wait for it. Only a hint: whether
 * it is on the disk is what fdatasync(2) says. Does nothing where the call does not exist.
 */
export function startWriteback(fd: number, offset: number, length: number): void {
  if (process.platform !== "linux") return;
  libc ??= open();
  libc.symbols.sync_file_range(fd, offset, length, syncFileRangeWrite);
}

/** linux/fadvise.h: POSIX_FADV_DONTNEED */
const adviseNoNeed = 4;

/** posix_fadvise(2): lets the system forget what it has of a file in memory, so that a read comes from the disk. Only a hint. */
export function dropCached(fd: number): void {
  if (process.platform !== "linux") return;
  libc ??= open();
  libc.symbols.posix_fadvise(fd, 0, 0, adviseNoNeed);
}

/** sys/file.h: LOCK_EX and LOCK_NB. */
const lockAtOnce = 2 | 4;

/** What {@link flock} found: `unknown` where the file system has no such locks. */
export type LockAttempt = "taken" | "held" | "unknown";

/**
 * flock(2): takes the lock of an open file, without waiting. It lasts until the descriptor is closed, and the kernel takes it back when
 * its holder dies; it holds between containers that share a directory too. On NFS, Linux makes it a lock of the server on all of the
 * file (flock(2), "NFS details"): it holds between machines, unless the mount says `nolock` or `local_lock`, which makes it one among
 * the processes of a machine; without a lock service on the server it is `unknown`.
 * @param fd open for writing, which NFS wants
 */
export function flock(fd: number): LockAttempt {
  const { call, failure, heldBy } = process.platform === "darwin" ? flockOfDarwin() : flockOfLinux();
  if (call(fd, lockAtOnce) === 0) return "taken";
  return failure() === heldBy ? "held" : "unknown";
}

function flockOfLinux() {
  libc ??= open();
  return { call: libc.symbols.flock, failure: errno, heldBy: constants.errno.EAGAIN };
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
