/** flock(2): a lock that the kernel takes back when its holder dies, also across containers that share a directory. */
import { dlopen, FFIType } from "bun:ffi";

const symbols = { flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } } as const;

// sys/file.h
const exclusive = 2;
const withoutWaiting = 4;

let libc: ReturnType<typeof open> | undefined;

function open() {
  if (process.platform === "darwin") return dlopen("libSystem.B.dylib", symbols);
  try {
    return dlopen("libc.so.6", symbols);
  } catch {
    // musl names its C library otherwise.
    return dlopen(process.arch === "arm64" ? "libc.musl-aarch64.so.1" : "libc.musl-x86_64.so.1", symbols);
  }
}

/**
 * Takes the exclusive lock of an open file, which lasts until the descriptor is closed. Does not wait.
 * @param fd open for writing, which NFS wants
 * @returns false when somebody else has it, or when the file system knows no locks
 */
export function tryLock(fd: number): boolean {
  libc ??= open();
  return libc.symbols.flock(fd, exclusive | withoutWaiting) === 0;
}
