/** No blob is complete at a registry before its digest is right, however often the upload starts again. */
import { describe, expect, test } from "bun:test";
import { VerifyingBody } from "../../../src/pool/blobs/verifying-body.ts";
import { contentOf } from "../../support/images.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const bytes = seededBytes("body", 10_000);
const { descriptor } = contentOf("application/octet-stream", bytes);

/** A body over these bytes, in pieces of 999. */
function bodyOver(content: Uint8Array, wanted = descriptor): { body: VerifyingBody; counted: () => number } {
  let counted = 0;
  const body = new VerifyingBody(wanted, {
    name: "the test",
    async *pieces(offset) {
      for (let at = offset; at < content.length; at += 999) yield content.subarray(at, at + 999);
    },
    counted: (count) => {
      counted += count;
    },
  });
  return { body, counted: () => counted };
}

/** What comes out until the end or an error. */
async function drain(
  body: VerifyingBody,
  offset = 0,
  most = Number.POSITIVE_INFINITY,
): Promise<{ bytes: Buffer; error: unknown }> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of body.open(offset)) {
      pieces.push(piece);
      if (pieces.length >= most) break;
    }
  } catch (error) {
    return { bytes: Buffer.concat(pieces), error };
  }
  return { bytes: Buffer.concat(pieces), error: undefined };
}

describe("VerifyingBody", () => {
  test("hands the right bytes on", async () => {
    const { body, counted } = bodyOver(bytes);
    const result = await drain(body);
    expect(result.error).toBeUndefined();
    expect(result.bytes.equals(Buffer.from(bytes))).toBe(true);
    expect(counted()).toBe(10_000);
  });

  test("withholds the last piece of wrong bytes, and names both digests", async () => {
    const wrong = Uint8Array.from(bytes);
    wrong[3] = 255 - (wrong[3] ?? 0);
    const { error, bytes: sent } = await drain(bodyOver(wrong).body);
    expect(error).toMatchObject({ code: "digest" });
    expect(String(error)).toContain(descriptor.digest);
    expect(String(error)).toContain(contentOf("", wrong).descriptor.digest);
    expect(sent.length).toBeLessThan(10_000);
  });

  test("refuses bytes that are too few or too many", async () => {
    for (const content of [bytes.subarray(0, 9999), Buffer.concat([bytes, Uint8Array.of(0)])]) {
      const { error, bytes: sent } = await drain(bodyOver(content).body);
      expect(error).toMatchObject({ code: "digest" });
      expect(sent.length).toBeLessThan(10_000);
    }
  });

  test("goes on in the middle, hashes every byte once, and counts it once", async () => {
    for (const again of [0, 1, 1500, 2997]) {
      const { body, counted } = bodyOver(bytes);
      await drain(body, 0, 3);
      const second = await drain(body, again);
      expect(second.error).toBeUndefined();
      expect(second.bytes.equals(Buffer.from(bytes.subarray(again)))).toBe(true);
      expect(counted()).toBe(10_000);
    }
  });

  test("may be sent a second time when it was good the first time", async () => {
    const { body } = bodyOver(bytes);
    await drain(body);
    for (const offset of [0, 5000, 10_000]) {
      const again = await drain(body, offset);
      expect(again.error).toBeUndefined();
      expect(again.bytes.length).toBe(10_000 - offset);
    }
  });

  test("takes an empty blob for what it is", async () => {
    const empty = contentOf("application/octet-stream", new Uint8Array(0));
    expect((await drain(bodyOver(empty.bytes, empty.descriptor).body)).error).toBeUndefined();
    const lie = { ...descriptor, size: 0 };
    expect((await drain(bodyOver(empty.bytes, lie).body)).error).toMatchObject({ code: "digest" });
  });

  test("tells where the registry stands", () => {
    const positions: number[] = [];
    const body = new VerifyingBody(descriptor, {
      name: "the test",
      async *pieces() {},
      acknowledged: (position) => positions.push(position),
    });
    body.acknowledged(7);
    expect(positions).toEqual([7]);
  });
});
