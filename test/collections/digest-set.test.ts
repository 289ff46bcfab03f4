/** The set holds what was put in and nothing else, whatever its size and the digests' algorithms. */
import { describe, expect, test } from "bun:test";
import { DigestSet } from "../../src/collections/digest-set.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";

const digest = (seed: number, algorithm = "sha256"): Digest => digestOf(Buffer.from(`${seed}`), algorithm);

describe("DigestSet", () => {
  test("has what was added and nothing else, over several growths", () => {
    const set = new DigestSet();
    const count = 20_000;
    for (let seed = 0; seed < count; seed++) set.add(digest(seed));
    expect(set.size).toBe(count);
    for (let seed = 0; seed < count; seed++) expect(set.has(digest(seed))).toBe(true);
    for (let seed = count; seed < 2 * count; seed++) expect(set.has(digest(seed))).toBe(false);
  });

  test("tells digests apart that begin alike", () => {
    const set = new DigestSet();
    const alike = [..."0123456789abcdef"].map((last): Digest => `sha256:${"0".repeat(63)}${last}`);
    for (const one of alike.slice(1)) set.add(one);
    expect(set.size).toBe(15);
    expect(alike.map((one) => set.has(one))).toEqual([false, ...Array<boolean>(15).fill(true)]);
  });

  test("counts a digest once", () => {
    const set = new DigestSet();
    for (const algorithm of ["sha256", "sha384", "sha512"]) {
      set.add(digest(1, algorithm));
      set.add(digest(1, algorithm));
    }
    expect(set.size).toBe(3);
    expect(set.has(digest(1, "sha512"))).toBe(true);
    expect(set.has(digest(2, "sha512"))).toBe(false);
  });
});
