/** The names of the archives in a batch's directory: `000004-ops.tar`, `.tar.zst` or `.tar.gz`. */

/** What a name says. */
export interface ArchiveName {
  /** The whole name, without a directory. */
  file: string;
  number: number;
  /** The artifact's name; it may have dashes and dots in it. */
  name: string;
}

/** How an archive is compressed, and how that ends its name. */
const endings = { zstd: ".tar.zst", gzip: ".tar.gz" } as const;

// Early versions of the original wrote no zeros in front. A name ends before the last ".tar".
const recordedPattern = /^(\d{1,9})-(.+)\.tar(?:\.zst|\.gz)?$/;

/** What we, and the original as it is now, write: six digits, seven when six do not do. `20261122-backup.tar` is somebody's backup. */
const writtenPattern = /^\d{6,7}-/;

/** Reads a name that a record has; undefined when it is none. */
export function parseArchiveName(file: string): ArchiveName | undefined {
  const [, digits, name] = recordedPattern.exec(file) ?? [];
  if (digits === undefined || name === undefined) return undefined;
  return { file, number: Number(digits), name };
}

/** Reads the name of a file that happens to be in the directory; undefined for one that we would not have written. */
export function parseFoundName(file: string): ArchiveName | undefined {
  return writtenPattern.test(file) ? parseArchiveName(file) : undefined;
}

/** The name of an archive. */
export function formatArchiveName(
  number: number,
  name: string,
  compression: keyof typeof endings | undefined,
): string {
  return `${String(number).padStart(6, "0")}-${name}${compression === undefined ? ".tar" : endings[compression]}`;
}

/** The order of batch-deserialize: by number; with the same number by name, so that two runs do the same. */
export function byNumber(a: ArchiveName, b: ArchiveName): number {
  return a.number - b.number || (a.file < b.file ? -1 : a.file > b.file ? 1 : 0);
}
