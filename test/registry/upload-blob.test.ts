import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { AceError } from "../../src/errors.ts";
import type { ClientNotice } from "../../src/registry/client.ts";
import type { Repository } from "../../src/registry/repository.ts";
import type { BlobBody } from "../../src/registry/upload-part.ts";
import { type FaultProxy, type FaultRule, startFaultProxy } from "../support/fault-proxy.ts";
import { testNeeding } from "../support/needs.ts";
import {
  distribution3,
  dockerRegistry,
  type RegistryKind,
  type RunningRegistry,
} from "../support/registries.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { blobDescriptor, bodyOf, KeepingSink, openClient } from "./client-under-test.ts";

setDefaultTimeout(30_000);
const size = 3 * 1024 * 1024 + 5;
const chunkBytes = 1024 * 1024;

describe.each([dockerRegistry, distribution3])("uploadBlob() to $name", (kind: RegistryKind) => {
  const needs = [kind.need];
  let registry: RunningRegistry;
  beforeAll(async () => {
    if (kind.need.absent === undefined) registry = await kind.start();
  });
  afterAll(() => registry?.[Symbol.asyncDispose]());

  async function broken(
    rules: readonly FaultRule[],
    act: (repository: Repository, proxy: FaultProxy, notices: readonly ClientNotice[]) => Promise<void>,
  ): Promise<void> {
    await using proxy = await startFaultProxy({ upstream: registry.origin, rules });
    await using opened = openClient();
    await act(opened.repository(proxy.url, "library/up"), proxy, opened.notices);
  }

  async function expectStored(repository: Repository, bytes: Uint8Array): Promise<void> {
    const sink = new KeepingSink();
    await repository.blob(blobDescriptor(bytes)).read({ sink });
    expect(sink.digest).toBe(blobDescriptor(bytes).digest);
  }

  testNeeding(needs, "sends a POST and one PUT", async () => {
    await broken([], async (repository, proxy) => {
      const bytes = seededBytes("whole", size);
      await repository.uploadBlob(blobDescriptor(bytes), bodyOf(bytes));
      expect(proxy.requests.map(({ method, bodyBytes }) => [method, bodyBytes])).toEqual([
        ["POST", 0],
        ["PUT", size],
      ]);
      await expectStored(repository, bytes);
    });
  });

  testNeeding(needs, "takes shared memory as it is", async () => {
    await broken([], async (repository) => {
      const shared = new Uint8Array(new SharedArrayBuffer(size));
      shared.set(seededBytes("shared", size));
      await repository.uploadBlob(blobDescriptor(shared), bodyOf(shared));
      await expectStored(repository, shared);
    });
  });

  testNeeding(needs, "takes an empty blob", async () => {
    await broken([], async (repository, proxy) => {
      const empty = blobDescriptor(new Uint8Array());
      await repository.uploadBlob(empty, bodyOf(new Uint8Array()));
      expect(await repository.hasBlob(empty)).toBe(true);
      expect(proxy.requests[1]?.headers["content-length"]).toBe("0");
    });
  });

  testNeeding(needs, "takes a sha512 blob", async () => {
    await broken([], async (repository) => {
      const bytes = seededBytes("sha512", 1000);
      const descriptor = blobDescriptor(bytes, "sha512");
      await repository.uploadBlob(descriptor, bodyOf(bytes));
      expect(await repository.hasBlob(descriptor)).toBe(true);
    });
  });

  testNeeding(needs, "sends chunks in order and acknowledges each", async () => {
    await broken([], async (repository, proxy) => {
      const bytes = seededBytes("chunks", size);
      const body = bodyOf(bytes);
      await repository.uploadBlob(blobDescriptor(bytes), body, { chunkBytes });
      expect(body.acked).toEqual([chunkBytes, 2 * chunkBytes, 3 * chunkBytes, size]);
      const patches = proxy.requests.filter(({ method }) => method === "PATCH");
      expect(patches.map(({ headers }) => headers["content-range"])).toEqual([
        "0-1048575",
        "1048576-2097151",
        "2097152-3145727",
        "3145728-3145732",
      ]);
      await expectStored(repository, bytes);
    });
  });

  testNeeding(needs, "starts again after a cut in the middle of the PUT", async () => {
    await broken([{ method: "PUT", times: 1, cutRequestAfter: 1_000_000 }], async (repository) => {
      const bytes = seededBytes("cut put", size);
      const body = bodyOf(bytes);
      await repository.uploadBlob(blobDescriptor(bytes), body);
      expect(body.opened).toEqual([0, 0]);
      await expectStored(repository, bytes);
    });
  });

  testNeeding(needs, "finds out that a PUT whose answer was lost has worked", async () => {
    await broken([{ method: "PUT", times: 1, dropAnswer: true }], async (repository, proxy) => {
      const bytes = seededBytes("lost answer", size);
      await repository.uploadBlob(blobDescriptor(bytes), bodyOf(bytes));
      expect(proxy.requests.filter(({ method }) => method === "PUT")).toHaveLength(1);
      await expectStored(repository, bytes);
    });
  });

  testNeeding(needs, "goes on, or starts again, after a cut in the middle of a chunk", async () => {
    await broken([{ method: "PATCH", after: 1, times: 1, cutRequestAfter: 500_000 }], async (repository) => {
      const bytes = seededBytes("cut patch", size);
      const body = bodyOf(bytes);
      await repository.uploadBlob(blobDescriptor(bytes), body, { chunkBytes });
      expect(body.acked.at(-1)).toBe(size);
      // docker-registry 2 refuses a session whose last chunk came in part: it has to start again.
      expect(body.opened[2]).toBe(kind === dockerRegistry ? 0 : chunkBytes + 500_000);
      await expectStored(repository, bytes);
    });
  });

  testNeeding(needs, "asks again after 503 on POST and on PUT", async () => {
    const rules = [
      { method: "POST", times: 1, answer: { status: 503 } },
      { method: "PUT", times: 1, answer: { status: 503 } },
    ];
    await broken(rules, async (repository) => {
      const bytes = seededBytes("503", size);
      await repository.uploadBlob(blobDescriptor(bytes), bodyOf(bytes));
      await expectStored(repository, bytes);
    });
  });

  testNeeding(
    needs,
    "never completes an upload whose bytes turn out wrong, and throws that very error",
    async () => {
      for (const options of [{}, { chunkBytes }]) {
        await broken([], async (repository, proxy) => {
          const bytes = seededBytes("withheld", size);
          const error = new AceError("digest", "Cannot use the blob: wrong bytes");
          const body = {
            async *open(offset: number) {
              yield bytes.subarray(offset, Math.max(offset, size - 100));
              throw error;
            },
          };
          const upload = repository.uploadBlob(blobDescriptor(bytes), body, options);
          expect(await upload.then(undefined, (thrown) => thrown)).toBe(error);
          expect(await repository.hasBlob(blobDescriptor(bytes))).toBe(false);
          expect(proxy.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
          expect(proxy.requests.some(({ method }) => method === "DELETE")).toBe(true);
        });
      }
    },
  );

  testNeeding(needs, "says digest when the registry hashes something else twice", async () => {
    await broken([], async (repository, proxy) => {
      const bytes = seededBytes("right", 1000);
      const upload = repository.uploadBlob(blobDescriptor(bytes), bodyOf(seededBytes("wrong", 1000)));
      await expect(upload).rejects.toMatchObject({
        code: "digest",
        message: expect.stringContaining("DIGEST_INVALID"),
      });
      expect(proxy.requests.filter(({ method }) => method === "PUT")).toHaveLength(2);
    });
  });

  testNeeding(needs, "sends a blob again whose bytes were others when they arrived (F3)", async () => {
    const bytes = seededBytes("flipped on the way up", 1000);
    for (const chunkBytes of [0, 300]) {
      const descriptor = blobDescriptor(Buffer.concat([bytes, Buffer.from(`${chunkBytes}`)]));
      const body = Buffer.concat([bytes, Buffer.from(`${chunkBytes}`)]);
      let opened = 0;
      const flippedOnce: BlobBody = {
        async *open(offset) {
          const piece = Uint8Array.from(body.subarray(offset));
          if (opened++ === 0) piece[5] = 255 - (piece[5] ?? 0);
          yield piece;
        },
      };
      await broken([], async (repository, _, notices) => {
        await repository.uploadBlob(descriptor, flippedOnce, { chunkBytes });
        expect(await repository.hasBlob(descriptor)).toBe(true);
        expect(notices.map(({ text }) => text).join()).toMatch(/DIGEST_INVALID.*sending it again/);
      });
    }
  });

  testNeeding(needs, "says digest when what arrived as something else is not to be had again", async () => {
    const bytes = seededBytes("only once", 1000);
    let opened = 0;
    const once: BlobBody = {
      async *open() {
        if (opened++ > 0) throw new AceError("network", "Cannot send a blob again: the stream has passed");
        const piece = Uint8Array.from(bytes);
        piece[5] = 255 - (piece[5] ?? 0);
        yield piece;
      },
    };
    await broken([], async (repository) => {
      await expect(repository.uploadBlob(blobDescriptor(bytes), once)).rejects.toMatchObject({
        code: "digest",
        message: expect.stringContaining("DIGEST_INVALID"),
      });
    });
  });

  testNeeding(needs, "uses the session of a refused mount, and mounts what is there", async () => {
    await using proxy = await startFaultProxy({ upstream: registry.origin });
    await using opened = openClient();
    const source = opened.repository(proxy.url, "library/source");
    const target = opened.repository(proxy.url, "library/target");
    const bytes = seededBytes("mount", 1000);
    const refused = await target.mountBlob(blobDescriptor(bytes), "library/source");
    if (refused.mounted || refused.session === undefined) throw new Error("unreachable");
    await target.uploadBlob(blobDescriptor(bytes), bodyOf(bytes), { session: refused.session });
    expect(proxy.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
    expect(await source.hasBlob(blobDescriptor(bytes))).toBe(false);
    expect(await source.mountBlob(blobDescriptor(bytes), "library/target")).toEqual({ mounted: true });
    expect(await source.hasBlob(blobDescriptor(bytes))).toBe(true);
    const unused = await target.mountBlob(blobDescriptor(seededBytes("none", 10)), "library/source");
    if (unused.mounted || unused.session === undefined) throw new Error("no session");
    await target.cancelUpload(unused.session);
    expect(proxy.requests.at(-1)?.method).toBe("DELETE");
  });

  testNeeding(needs, "gives a session up that has expired, and opens another", async () => {
    await broken([], async (repository, proxy) => {
      const bytes = seededBytes("expired", 1000);
      const location = `${proxy.url}/v2/library/up/blobs/uploads/00000000-0000-4000-8000-000000000000`;
      const session = { location, minChunkBytes: 0 };
      await repository.uploadBlob(blobDescriptor(bytes), bodyOf(bytes), { session });
      await expectStored(repository, bytes);
    });
  });

  testNeeding(
    needs,
    "ends within a second when it is told to stop, although the bytes do not come",
    async () => {
      await broken([], async (repository) => {
        const stop = new AbortController();
        const bytes = seededBytes("stopped", size);
        const body = {
          async *open() {
            yield bytes.subarray(0, 1000);
            await new Promise(() => undefined);
          },
        };
        const upload = repository.uploadBlob(blobDescriptor(bytes), body, { signal: stop.signal });
        const outcome = upload.then(undefined, (error) => error);
        await Bun.sleep(200);
        const started = performance.now();
        stop.abort();
        expect(await outcome).toMatchObject({ code: "stopped" });
        expect(performance.now() - started).toBeLessThan(1000);
      });
    },
  );
});
