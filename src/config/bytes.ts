/** Byte sizes as people write them (`1Mi`, `64K`, `1.5G`, `512`), and back. */
import { AceError } from "../errors.ts";

/**
 * Factors by lower-case suffix: SI is decimal, IEC is binary. The table is go-humanize's, which reads these flags in the
 * original, and contains every suffix that a Kubernetes quantity of a whole number of bytes can have.
 */
const factors: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  ki: 2 ** 10,
  kib: 2 ** 10,
  m: 1e6,
  mb: 1e6,
  mi: 2 ** 20,
  mib: 2 ** 20,
  g: 1e9,
  gb: 1e9,
  gi: 2 ** 30,
  gib: 2 ** 30,
  t: 1e12,
  tb: 1e12,
  ti: 2 ** 40,
  tib: 2 ** 40,
  p: 1e15,
  pb: 1e15,
  pi: 2 ** 50,
  pib: 2 ** 50,
};

const sizePattern = /^(\d[\d,]*(?:\.\d*)?|\.\d+)(?:e(\d{1,2}))?\s*([a-z]*)$/i;

/** The number of bytes that a text stands for, or undefined when it is no size. Fractions of a byte are cut off. */
export function byteSizeOf(text: string): number | undefined {
  const match = sizePattern.exec(text.trim());
  if (match === null) return undefined;
  const [, digits = "", exponent = "0", suffix = ""] = match;
  const factor = factors[suffix.toLowerCase()];
  if (factor === undefined || !Object.hasOwn(factors, suffix.toLowerCase())) return undefined;
  const bytes = Math.floor(Number(digits.replaceAll(",", "")) * 10 ** Number(exponent) * factor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * Reads a byte size.
 * @param what the flag or variable, for the message
 * @throws AceError `usage`
 */
export function parseByteSize(text: string, what: string): number {
  const bytes = byteSizeOf(text);
  if (bytes !== undefined) return bytes;
  throw new AceError("usage", `Cannot use ${JSON.stringify(text)} as ${what}: it is no size in bytes`, {
    hint: "Write a number with an optional suffix: 512, 64K (64000), 64Ki (65536), 1Mi, 1.5G, 1GiB.",
  });
}

/** The shortest exact spelling with an IEC suffix (`1Mi`, `500Mi`), else the plain number; {@link byteSizeOf} reads it back. */
export function formatByteSize(bytes: number): string {
  for (const suffix of ["Pi", "Ti", "Gi", "Mi", "Ki"]) {
    const factor = factors[suffix.toLowerCase()] ?? 1;
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${suffix}`;
  }
  return String(bytes);
}
