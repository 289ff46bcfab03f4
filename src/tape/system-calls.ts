/** The two system calls that Bun has no function for. */
import { dlopen, FFIType, ptr } from "bun:ffi";

const symbols = {
  ioctl: { args: [FFIType.i32, FFIType.u64, FFIType.ptr], returns: FFIType.i32 },
  sync_file_range: { args: [FFIType.i32, FFIType.i64, FFIType.i64, FFIType.u32], returns: FFIType.i32 },
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
