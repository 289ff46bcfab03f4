import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { RangeUnsupportedError } from "../../src/registry/blob-receiver.ts";
import { type FaultProxy, type FaultRule, startFaultProxy } from "../support/fault-proxy.ts";
import { testNeeding } from "../support/needs.ts";
import { pushBlob } from "../support/push.ts";
import { dockerRegistry, type RunningRegistry } from "../support/registries.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { blobDescriptor, KeepingSink, openClient } from "./client-under-test.ts";

setDefaultTimeout(30_000);
const needs = [dockerRegistry.need];
const bytes = seededBytes("read-blob", 5 * 1024 * 1024 + 17);
const descriptor = blobDescriptor(bytes);
let registry: RunningRegistry;

beforeAll(async () => {
  if (needs.some((need) => need.absent !== undefined)) return;
  registry = await dockerRegistry.start();
  await pushBlob(registry.origin, "library/x", { descriptor, bytes });
});
afterAll(() => registry?.[Symbol.asyncDispose]());

/** Runs with a client whose registry misbehaves as told. */
async function broken(
  rules: readonly FaultRule[],
  act: (
    repository: ReturnType<ReturnType<typeof openClient>["repository"]>,
    proxy: FaultProxy,
    notices: readonly { text: string }[],
  ) => Promise<void>,
): Promise<void> {
  await using proxy = await startFaultProxy({ upstream: registry.origin, rules });
  await using opened = openClient();
  await act(opened.repository(proxy.url, "library/x"), proxy, opened.notices);
}

const blobs = /\/blobs\/sha256:/;

describe("readBlob()", () => {
  testNeeding(needs, "delivers the whole blob with one request", async () => {
    await broken([], async (repository, proxy) => {
      const sink = new KeepingSink();
      await repository.blob(descriptor).read({ sink });
      expect(sink.digest).toBe(descriptor.digest);
      expect(proxy.requests.map(({ method, headers }) => [method, headers.range])).toEqual([
        ["GET", undefined],
      ]);
      expect(proxy.requests[0]?.headers["accept-encoding"]).toBe("identity");
    });
  });

  testNeeding(needs, "delivers exactly the bytes asked for", async () => {
    await broken([], async (repository, proxy) => {
      for (const [start, end] of [
        [0, 1],
        [0, 1_000_000],
        [1_000_000, 2_000_000],
        [descriptor.size - 1, descriptor.size],
        [77, 77],
      ] as const) {
        const sink = new KeepingSink();
        await repository.blob(descriptor).read({ sink, start, end });
        expect(Buffer.concat(sink.chunks).equals(bytes.subarray(start, end))).toBe(true);
      }
      expect(proxy.requests.map(({ headers }) => headers.range)).toEqual([
        "bytes=0-0",
        "bytes=0-999999",
        "bytes=1000000-1999999",
        `bytes=${descriptor.size - 1}-${descriptor.size - 1}`,
      ]);
    });
  });

  testNeeding(needs, "goes on in the middle after each cut, with not a byte twice", async () => {
    await broken([{ path: blobs, times: 3, cutAfter: 1_500_000 }], async (repository, proxy) => {
      const sink = new KeepingSink();
      await repository.blob(descriptor).read({ sink });
      expect(sink.length).toBe(descriptor.size);
      expect(sink.digest).toBe(descriptor.digest);
      expect(proxy.requests).toHaveLength(4);
      for (const { headers } of proxy.requests.slice(1))
        expect(headers.range).toMatch(/^bytes=[1-9]\d*-5242896$/);
    });
  });

  testNeeding(needs, "goes on in the middle of a part", async () => {
    await broken([{ path: blobs, times: 1, cutAfter: 300_000 }], async (repository) => {
      const sink = new KeepingSink();
      await repository.blob(descriptor).read({ sink, start: 1_000_000, end: 3_000_000 });
      expect(Buffer.concat(sink.chunks).equals(bytes.subarray(1_000_000, 3_000_000))).toBe(true);
    });
  });

  testNeeding(needs, "discards what it has when a resumed request gets the whole blob", async () => {
    const rules = [
      { path: blobs, times: 1, cutAfter: 2_000_000 },
      { path: blobs, ignoreRange: true },
    ];
    await broken(rules, async (repository) => {
      const sink = new KeepingSink();
      await repository.blob(descriptor).read({ sink });
      expect(sink.length).toBe(descriptor.size);
      expect(sink.digest).toBe(descriptor.digest);
    });
  });

  testNeeding(needs, "throws RangeUnsupportedError when a part gets the whole blob", async () => {
    await broken([{ path: blobs, ignoreRange: true }], async (repository) => {
      const sink = new KeepingSink();
      const part = repository.blob(descriptor).read({ sink, start: 1000, end: 2000 });
      await expect(part).rejects.toBeInstanceOf(RangeUnsupportedError);
      expect(sink.length).toBe(0);
    });
  });

  testNeeding(needs, "stops at the end of a first part from a server without Range", async () => {
    await broken([{ path: blobs, ignoreRange: true }], async (repository) => {
      const sink = new KeepingSink();
      await repository.blob(descriptor).read({ sink, start: 0, end: 100_000 });
      expect(Buffer.concat(sink.chunks).equals(bytes.subarray(0, 100_000))).toBe(true);
    });
  });

  testNeeding(needs, "asks again after 500 and 503", async () => {
    const rules = [
      { path: blobs, times: 1, answer: { status: 500 } },
      { path: blobs, times: 1, answer: { status: 503 } },
    ];
    await broken(rules, async (repository, proxy) => {
      const sink = new KeepingSink();
      await repository.blob(descriptor).read({ sink });
      expect(sink.digest).toBe(descriptor.digest);
      expect(proxy.requests).toHaveLength(3);
    });
  });

  testNeeding(needs, "gives up when nothing moves, and says after how many tries", async () => {
    // A Retry-After of 0 makes the five waits short.
    const answer = { status: 503, headers: { "retry-after": "0" }, body: "maintenance" };
    await broken(
      [{ path: blobs, answer: { ...answer, headers: { ...answer.headers, "content-type": "text/plain" } } }],
      async (repository, proxy) => {
        const read = repository.blob(descriptor).read({ sink: new KeepingSink() });
        await expect(read).rejects.toMatchObject({
          code: "network",
          message: expect.stringContaining("503, maintenance"),
        });
        expect(proxy.requests).toHaveLength(6);
      },
    );
  });

  testNeeding(needs, "waits for a Retry-After with every request to the host", async () => {
    const answer = { status: 429, headers: { "retry-after": "1" } };
    await broken([{ path: blobs, times: 1, answer }], async (repository, proxy, notices) => {
      const first = repository.blob(descriptor).read({ sink: new KeepingSink() });
      await Bun.sleep(200);
      await Promise.all([first, repository.hasBlob(descriptor)]);
      const [refused, ...later] = proxy.requests;
      expect(later).toHaveLength(2);
      for (const request of later) expect(request.atMs - (refused?.atMs ?? 0)).toBeGreaterThan(900);
      expect(notices.some(({ text }) => text.includes("429"))).toBe(true);
    });
  });

  testNeeding(needs, "refuses a Content-Length that contradicts the descriptor, naming both", async () => {
    await broken([{ path: blobs, contentLength: 1234 }], async (repository, proxy) => {
      const read = repository.blob(descriptor).read({ sink: new KeepingSink() });
      await expect(read).rejects.toMatchObject({
        code: "digest",
        message: expect.stringMatching(/announces 1234 bytes, its descriptor says 5242897/),
      });
      expect(proxy.requests).toHaveLength(2);
    });
  });

  testNeeding(needs, "refuses a blob that is cleanly shorter than its descriptor", async () => {
    await broken([], async (repository) => {
      const longer = { ...descriptor, size: descriptor.size + 100 };
      const whole = repository.blob(longer).read({ sink: new KeepingSink() });
      await expect(whole).rejects.toMatchObject({ code: "digest" });
      const beyond = repository.blob(longer).read({ sink: new KeepingSink(), start: descriptor.size + 1 });
      await expect(beyond).rejects.toMatchObject({
        code: "digest",
        message: expect.stringContaining("5242897"),
      });
    });
  });

  testNeeding(needs, "hands a flipped byte on as it is: the caller hashes", async () => {
    await broken([{ path: blobs, flipByte: 4711 }], async (repository) => {
      const sink = new KeepingSink();
      await repository.blob(descriptor).read({ sink });
      expect(sink.length).toBe(descriptor.size);
      expect(sink.digest).not.toBe(descriptor.digest);
    });
  });

  testNeeding(needs, "reads no further while the sink's promise is pending", async () => {
    await broken([], async (repository) => {
      let pending = 0;
      let most = 0;
      const sink = new KeepingSink();
      await repository.blob(descriptor).read({
        sink: {
          write: async (chunk) => {
            most = Math.max(most, ++pending);
            await Bun.sleep(1);
            sink.write(chunk);
            pending--;
          },
        },
      });
      expect(most).toBe(1);
      expect(sink.digest).toBe(descriptor.digest);
    });
  });

  testNeeding(
    needs,
    "survives a connection that ends while the sink holds it up, with not a byte twice",
    async () => {
      // `Connection: close` is what makes undici assert; the cut comes while the reader is paused.
      await broken([{ path: blobs, times: 3, cutAfter: 1_200_000 }], async (repository, proxy) => {
        const sink = new KeepingSink();
        await repository.blob(descriptor).read({
          sink: {
            write: async (chunk) => {
              await Bun.sleep(sink.length === 0 ? 400 : 20);
              sink.write(chunk);
            },
          },
        });
        expect(proxy.requests).toHaveLength(4);
        expect(sink.length).toBe(descriptor.size);
        expect(sink.digest).toBe(descriptor.digest);
      });
    },
  );

  testNeeding(needs, "throws the sink's own error, and does not ask again", async () => {
    for (const write of [
      () => {
        throw new RangeError("sync");
      },
      async () => {
        throw new RangeError("async");
      },
    ]) {
      await broken([], async (repository, proxy) => {
        const read = repository.blob(descriptor).read({ sink: { write } });
        await expect(read).rejects.toBeInstanceOf(RangeError);
        expect(proxy.requests).toHaveLength(1);
      });
    }
  });

  testNeeding(needs, "says what is missing, and where", async () => {
    await broken([], async (repository, proxy) => {
      const missing = blobDescriptor(new Uint8Array([1, 2, 3]));
      await expect(repository.blob(missing).read({ sink: new KeepingSink() })).rejects.toMatchObject({
        code: "not-found",
        message: expect.stringMatching(/sha256:0390.* of registry\.test\/library\/x.*404/),
      });
      expect(proxy.requests).toHaveLength(1);
    });
  });

  testNeeding(
    needs,
    "follows a redirect to another port, with the Range and without credentials",
    async () => {
      await using storage = await startFaultProxy({ upstream: registry.origin });
      const rules = [{ path: blobs, redirectTo: storage.url }];
      await using proxy = await startFaultProxy({ upstream: registry.origin, rules });
      await using opened = openClient();
      const repository = opened.repository(
        [
          {
            url: proxy.url,
            tls: { insecureSkipVerify: false },
            credentials: { registryToken: "s3cret" },
            referrers: "auto",
            singleContext: false,
          },
        ],
        "library/x",
      );
      const sink = new KeepingSink();
      await repository.blob(descriptor).read({ sink, start: 10, end: 20 });
      expect(Buffer.concat(sink.chunks).equals(bytes.subarray(10, 20))).toBe(true);
      expect(proxy.requests[0]?.headers.authorization).toBe("Bearer s3cret");
      expect(storage.requests[0]?.headers.authorization).toBeUndefined();
      expect(storage.requests[0]?.headers.range).toBe("bytes=10-19");
    },
  );

  testNeeding(needs, "goes back to the registry for a resume, not to the place it was sent to", async () => {
    await using storage = await startFaultProxy({
      upstream: registry.origin,
      rules: [{ times: 1, cutAfter: 2_000_000 }],
    });
    await broken([{ path: blobs, redirectTo: storage.url }], async (repository, proxy) => {
      const sink = new KeepingSink();
      await repository.blob(descriptor).read({ sink });
      expect(sink.digest).toBe(descriptor.digest);
      expect(proxy.requests).toHaveLength(2);
    });
  });

  testNeeding(needs, "asks the next endpoint, and goes on there in the middle", async () => {
    await using dying = await startFaultProxy({
      upstream: registry.origin,
      rules: [{ times: 1, cutAfter: 500_000 }, { answer: { status: 503, headers: { "retry-after": "0" } } }],
    });
    await using opened = openClient();
    const sink = new KeepingSink();
    await opened.repository([dying.url, registry.origin], "library/x").blob(descriptor).read({ sink });
    expect(sink.length).toBe(descriptor.size);
    expect(sink.digest).toBe(descriptor.digest);
  });

  testNeeding(needs, "ends within a second when it is told to stop, braked or not", async () => {
    await using proxy = await startFaultProxy({
      upstream: registry.origin,
      rules: [{ stallAfter: 100_000 }],
    });
    await using opened = openClient();
    const repository = opened.repository(proxy.url, "library/x");
    const one = new AbortController();
    const braked = repository.blob(descriptor).read({ sink: { write: () => new Promise(() => undefined) } });
    const stalled = repository.blob(descriptor).read({ sink: new KeepingSink(), signal: one.signal });
    const outcomes = Promise.allSettled([braked, stalled]);
    await Bun.sleep(200);
    const started = performance.now();
    one.abort();
    await expect(stalled).rejects.toMatchObject({ code: "stopped" });
    opened.stop.abort();
    await outcomes;
    await expect(braked).rejects.toMatchObject({ code: "stopped" });
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
