import { describe, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { AceError } from "../../src/errors.ts";
import { decompress, sniffCompression } from "../../src/format/decompress.ts";
import { program, testNeeding } from "../support/needs.ts";
import { testData } from "./original.ts";

type Kind = "gzip" | "zstd";
const plain = testData("original/serialize.tar");
const packed: Record<Kind, Uint8Array> = {
  gzip: testData("original/serialize.tar.gz"),
  zstd: testData("original/serialize.tar.zst"),
};
const kinds: Kind[] = ["gzip", "zstd"];
/** Reversed so that a decoder that mixes members up is found out. */
const other = Buffer.from(plain).reverse();
const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);

/** Gives the bytes in chunks that all share one memory, as a window does. */
async function* source(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(new SharedArrayBuffer(chunkBytes));
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    const chunk = bytes.subarray(start, start + chunkBytes);
    memory.fill(0xee);
    memory.set(chunk);
    yield memory.subarray(0, chunk.length);
  }
}

async function unpack(kind: Kind | "none", bytes: Uint8Array, chunkBytes = 4096): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of decompress(kind, source(bytes, chunkBytes), "a.tar")) pieces.push(piece.slice());
  return Buffer.concat(pieces);
}

async function failure(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    if (error instanceof AceError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing went wrong";
}

describe("sniffCompression()", () => {
  test.each([
    [packed.gzip, "gzip"],
    [packed.zstd, "zstd"],
    [skippable, "zstd"],
    [plain, "none"],
    [new Uint8Array([0x1f]), "none"],
    [new Uint8Array(0), "none"],
  ] as const)("of row %# says so", (bytes, kind) => {
    expect(sniffCompression(bytes.subarray(0, 4))).toBe(kind);
  });
});

describe.each(kinds)("decompress() of %s", (kind) => {
  const pack = (bytes: Uint8Array) => (kind === "gzip" ? gzipSync(bytes) : zstdCompressSync(bytes));

  test.each([1, 7, 512, 100_000])(
    "gives the original's archive back, in chunks of %p bytes",
    async (chunkBytes) => {
      expect((await unpack(kind, packed[kind], chunkBytes)).equals(plain)).toBe(true);
    },
  );

  test.each([1, 7, 100_000])("reads two members in a row, in chunks of %p bytes", async (chunkBytes) => {
    const both = await unpack(kind, Buffer.concat([packed[kind], pack(other)]), chunkBytes);
    expect(both.equals(Buffer.concat([plain, other]))).toBe(true);
  });

  test.each([1, 7, 100_000])(
    "takes a tape's zeros behind the end, in chunks of %p bytes",
    async (chunkBytes) => {
      const padded = Buffer.concat([packed[kind], new Uint8Array(3000)]);
      expect((await unpack(kind, padded, chunkBytes)).equals(plain)).toBe(true);
    },
  );

  test("reads an empty stream", async () => {
    expect((await unpack(kind, pack(new Uint8Array(0)))).length).toBe(0);
  });

  test("refuses a stream cut anywhere", async () => {
    const bytes = packed[kind];
    for (const length of [5, 20, 1000, bytes.length - 5, bytes.length - 1]) {
      expect(await failure(unpack(kind, bytes.subarray(0, length)))).toMatch(
        /^archive: Cannot read archive "a.tar": .*(cut|ends in the middle)/,
      );
    }
  });

  test("refuses a second member that is cut", async () => {
    const bytes = Buffer.concat([packed[kind], pack(other).subarray(0, 100)]);
    expect(await failure(unpack(kind, bytes))).toStartWith('archive: Cannot read archive "a.tar": ');
  });

  test("refuses a stream with a flipped bit", async () => {
    for (const index of [9000, packed[kind].length - 2]) {
      const bytes = packed[kind].slice();
      bytes[index]! ^= 1;
      expect(await failure(unpack(kind, bytes))).toStartWith('archive: Cannot read archive "a.tar": ');
    }
  });

  test("refuses garbage behind the end", async () => {
    const bytes = Buffer.concat([packed[kind], Buffer.from("garbage")]);
    expect(await failure(unpack(kind, bytes))).toStartWith('archive: Cannot read archive "a.tar": ');
  });

  test("lets the source's own error through", async () => {
    async function* broken() {
      yield packed[kind].slice(0, 3000);
      throw new AceError("medium", "Cannot read tape: I/O error");
    }
    const run = async () => {
      for await (const _ of decompress(kind, broken(), "a.tar"));
    };
    expect(await failure(run())).toBe("medium: Cannot read tape: I/O error");
  });

  test("asks the source for no more than the reader takes", async () => {
    let asked = 0;
    let isEnded = false;
    const chunk = pack(new Uint8Array(4 * 1024 * 1024));
    async function* endless() {
      try {
        for (;;) {
          asked += 1;
          yield chunk;
        }
      } finally {
        isEnded = true;
      }
    }
    for await (const piece of decompress(kind, endless(), "a.tar")) {
      expect(piece.length).toBeGreaterThan(0);
      await Bun.sleep(100);
      break;
    }
    await Bun.sleep(50);
    expect(asked).toBeLessThan(4);
    expect(isEnded).toBe(true);
  });
});

describe("decompress() of zstd", () => {
  test.each([1, 7, 100_000])("passes over skippable frames, in chunks of %p bytes", async (chunkBytes) => {
    const bytes = Buffer.concat([
      skippable,
      packed.zstd,
      skippable,
      skippable,
      zstdCompressSync(other),
      skippable,
    ]);
    expect((await unpack("zstd", bytes, chunkBytes)).equals(Buffer.concat([plain, other]))).toBe(true);
  });

  test("names the byte at which a frame is cut, or garbage begins", async () => {
    const end = packed.zstd.length;
    expect(await failure(unpack("zstd", packed.zstd.subarray(0, end - 1)))).toBe(
      `archive: Cannot read archive "a.tar": the zstd stream ends in the middle of a frame, at compressed byte ${end - 1}`,
    );
    expect(await failure(unpack("zstd", Buffer.concat([packed.zstd, Buffer.from("garbage")]), 100_000))).toBe(
      `archive: Cannot read archive "a.tar": something that is no zstd frame is at compressed byte ${end}`,
    );
    const tail = new Uint8Array(100);
    tail[60] = 1;
    expect(await failure(unpack("zstd", Buffer.concat([packed.zstd, tail])))).toBe(
      `archive: Cannot read archive "a.tar": something follows the end of the archive at compressed byte ${end + 60}`,
    );
  });

  test("follows frames of every shape that the zstd tool writes", async () => {
    for (const flags of [
      ["--no-check"],
      ["--content-size"],
      ["-19"],
      ["--long=27"],
      ["--no-content-size", "-1"],
      ["--stream-size=48128"],
    ]) {
      const run = Bun.spawnSync(["zstd", "-qc", ...flags], { stdin: Buffer.from(plain) });
      expect(run.exitCode).toBe(0);
      expect((await unpack("zstd", run.stdout)).equals(plain)).toBe(true);
      expect(await failure(unpack("zstd", run.stdout.subarray(0, run.stdout.length - 1)))).toContain(
        "ends in the middle of a frame",
      );
    }
  });

  test("follows run-length blocks and many blocks", async () => {
    const zeros = new Uint8Array(1_000_000);
    expect((await unpack("zstd", zstdCompressSync(zeros), 1)).length).toBe(1_000_000);
  });
});

describe("decompress() of gzip", () => {
  test.each([1, 100_000])(
    "refuses what follows zeros, which the decoder alone would let go by, in chunks of %p bytes",
    async (chunkBytes) => {
      const end = packed.gzip.length;
      for (const rest of [Buffer.from("x"), gzipSync(other)]) {
        const bytes = Buffer.concat([packed.gzip, new Uint8Array(5000), rest]);
        expect(await failure(unpack("gzip", bytes, chunkBytes))).toBe(
          `archive: Cannot read archive "a.tar": something follows its end at compressed byte ${end}`,
        );
      }
    },
  );

  test("reads on to the end of the source, so that who writes to a pipe is not cut off", async () => {
    let isEnded = false;
    async function* padded() {
      yield packed.gzip;
      for (let at = 0; at < 20; at++) yield new Uint8Array(10_000);
      isEnded = true;
    }
    for await (const piece of decompress("gzip", padded(), "a.tar")) expect(piece.length).toBeGreaterThan(0);
    expect(isEnded).toBe(true);
  });
});

/** What other programs make of the archive: several frames or members, with headers of their own. */
const writers: [Kind, string[]][] = [
  ["zstd", ["zstd", "-qc", "-T0", "-B16K"]],
  ["zstd", ["pzstd", "-qc", "-p", "3"]],
  ["gzip", ["gzip", "-c", "--best"]],
  ["gzip", ["pigz", "-c", "-p", "3", "-b", "128"]],
  ["gzip", ["pigz", "-c", "-i", "-0"]],
  ["gzip", ["bgzip", "-c"]],
];
for (const [kind, command] of writers) {
  const name = command[0] ?? "";
  testNeeding(
    [program(name)],
    `decompress() reads what ${command.join(" ")} writes, and refuses it when cut`,
    async () => {
      const many = Buffer.concat([plain, other, plain, other, plain, plain]);
      const run = Bun.spawnSync(command, { stdin: many });
      expect(run.exitCode).toBe(0);
      for (const chunkBytes of [333, 65_536]) {
        expect((await unpack(kind, run.stdout, chunkBytes)).equals(many)).toBe(true);
      }
      for (const part of [0.1, 0.5, 0.9]) {
        const cut = run.stdout.subarray(0, Math.floor(run.stdout.length * part));
        expect(await failure(unpack(kind, cut))).toStartWith('archive: Cannot read archive "a.tar": ');
      }
    },
  );
}

test("decompress() of none passes everything on as it is", async () => {
  expect((await unpack("none", plain)).equals(plain)).toBe(true);
});
