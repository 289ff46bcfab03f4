import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { Ingest } from "../../src/layout/ingest.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { tempDir } from "../support/temp-dir.ts";

const bytes = seededBytes("ingest", 300_000);

for (const algorithm of ["sha256", "sha384", "sha512"]) {
  test(`Ingest tells the ${algorithm} of what was written, also when another algorithm was hoped for`, async () => {
    await using dir = await tempDir();
    const policy = { ingestDirectory: dir.path, durable: true };
    for (const hoped of ["sha256", algorithm]) {
      const ingest = new Ingest(policy, hoped);
      ingest.write(bytes.subarray(0, 1000));
      ingest.write(bytes.subarray(1000));
      expect(ingest.size).toBe(bytes.length);
      const expected = digestOf(bytes, algorithm);
      expect(await ingest.digest(expected)).toBe(expected);
      await ingest.finish();
      expect(Buffer.compare(readFileSync(ingest.path), bytes)).toBe(0);
      ingest.discard();
      expect(existsSync(ingest.path)).toBe(false);
    }
  });
}

test("Ingest leaves nothing behind when its scope ends early", async () => {
  await using dir = await tempDir();
  {
    using ingest = new Ingest({ ingestDirectory: dir.path, durable: false });
    ingest.write(bytes);
  }
  expect(readdirSync(dir.path)).toEqual([]);
});

test("Ingest refuses to write after the end", async () => {
  await using dir = await tempDir();
  const ingest = new Ingest({ ingestDirectory: dir.path, durable: false });
  await ingest.finish();
  expect(() => ingest.write(bytes)).toThrow("after finish");
});
