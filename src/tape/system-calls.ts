/** The system calls that Bun has no function for. */
import { dlopen, FFIType, ptr, read } from "bun:ffi";

const symbols = {
  ioctl: { args: [FFIType.i32, FFIType.u64, FFIType.ptr], returns: FFIType.i32 },
  sync_file_range: { args: [FFIType.i32, FFIType.i64, FFIType.i64, FFIType.u32], returns: FFIType.i32 },
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

/** ioctl(2) with a pointer to `argument`, which it may change. @returns false when it failed */
export function ioctl(fd: number, request: number, argument: Uint8Array): boolean {
  libc ??= open();
  return libc.symbols.ioctl(fd, request, ptr(argument)) === 0;
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

/** sys/file.h: LOCK_EX and LOCK_NB. */
const lockAtOnce = 2 | 4;
/** asm-generic/errno-base.h: EAGAIN, which is EWOULDBLOCK. */
const wouldBlock = 11;

/**
 * flock(2): takes the file for this descriptor alone until it is closed, and lets go when the process dies.
 * @returns true when another descriptor has it; false also where a filesystem knows no locks
 */
export function isLockedByAnother(fd: number): boolean {
  if (process.platform !== "linux") return false;
  libc ??= open();
  if (libc.symbols.flock(fd, lockAtOnce) === 0) return false;
  const errno = libc.symbols.__errno_location();
  return errno !== null && read.i32(errno) === wouldBlock;
}
