import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { digestOf } from "../../src/oci/digest.ts";
import { embedded, errorCode } from "../support/embedded.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { tempDir } from "../support/temp-dir.ts";

const bytes = seededBytes("upload", 200_000);
const digest = digestOf(bytes);
const uploads = "/v2/team/app/blobs/uploads/";
const blob = `/v2/team/app/blobs/${digest}`;

/** Begins a session and returns its path. */
async function begin(registry: { send: (method: string, path: string) => Promise<Response> }, query = "") {
  const response = await registry.send("POST", uploads + query);
  expect(response.status).toBe(202);
  expect(response.headers.get("range")).toBe("0-0");
  return response.headers.get("location")!;
}

const part = (start: number, end: number) => ({
  body: bytes.subarray(start, end),
  headers: { "content-range": `${start}-${end - 1}` },
});

for (const algorithm of ["sha256", "sha384", "sha512"]) {
  const wanted = digestOf(bytes, algorithm);
  const path = `/v2/team/app/blobs/${wanted}`;
  const ways: [string, (registry: Awaited<ReturnType<typeof embedded>>) => Promise<Response>][] = [
    ["POST alone", (r) => r.send("POST", `${uploads}?digest=${wanted}`, { body: bytes })],
    ["POST and PUT", async (r) => r.send("PUT", `${await begin(r)}?digest=${wanted}`, { body: bytes })],
    [
      "POST with digest-algorithm and PUT",
      async (r) =>
        r.send("PUT", `${await begin(r, `?digest-algorithm=${algorithm}`)}?digest=${wanted}`, {
          body: bytes,
        }),
    ],
    [
      "chunks",
      async (r) => {
        const session = await begin(r);
        const first = await r.send("PATCH", session, part(0, 70_000));
        expect([first.status, first.headers.get("range")]).toEqual([202, "0-69999"]);
        expect((await r.send("PATCH", session, part(70_000, 140_000))).headers.get("range")).toBe("0-139999");
        return r.send("PUT", `${session}?digest=${wanted}`, part(140_000, 200_000));
      },
    ],
    [
      "a stream without length or range",
      async (r) => {
        const session = await begin(r);
        const body = new Blob([bytes]).stream();
        expect((await r.send("PATCH", session, { body })).headers.get("range")).toBe("0-199999");
        return r.send("PUT", `${session}?digest=${wanted}`);
      },
    ],
  ];
  for (const [how, push] of ways) {
    test(`a blob with a ${algorithm} digest is pushed by ${how}`, async () => {
      await using registry = await embedded();
      const response = await push(registry);
      expect(response.status).toBe(201);
      expect(response.headers.get("location")).toBe(path);
      expect(response.headers.get("docker-content-digest")).toBe(wanted);
      const pulled = await registry.send("GET", path);
      expect(Buffer.compare(await pulled.bytes(), bytes)).toBe(0);
    });
  }
}

test("the empty blob can be pushed and pulled", async () => {
  await using registry = await embedded();
  const empty = digestOf(new Uint8Array());
  expect((await registry.send("POST", `${uploads}?digest=${empty}`)).status).toBe(201);
  const pulled = await registry.send("GET", `/v2/team/app/blobs/${empty}`);
  expect([pulled.status, (await pulled.bytes()).length]).toEqual([200, 0]);
});

test("a chunk that does not begin where the upload stands is answered 416 with where that is, and nothing is lost", async () => {
  await using registry = await embedded();
  const session = await begin(registry);
  await registry.send("PATCH", session, part(0, 1000));
  for (const wrong of [part(2000, 3000), part(0, 1000), part(999, 1999)]) {
    for (const method of ["PATCH", "PUT"]) {
      const refused = await registry.send(method, `${session}?digest=${digest}`, wrong);
      expect([refused.status, refused.headers.get("range")]).toEqual([416, "0-999"]);
      expect(refused.headers.get("location")).toBe(session);
      expect(await errorCode(refused)).toBe("BLOB_UPLOAD_INVALID");
    }
  }
  const status = await registry.send("GET", session);
  expect([status.status, status.headers.get("range")]).toEqual([204, "0-999"]);
  expect(status.headers.get("location")).toBe(session);
  expect((await registry.send("PUT", `${session}?digest=${digest}`, part(1000, 200_000))).status).toBe(201);
});

const wrongChunks: [string, string, number, string][] = [
  ["shorter than its range", "0-1999", 400, "SIZE_INVALID"],
  ["longer than its range", "0-499", 400, "SIZE_INVALID"],
  ["without a readable range", "0-", 400, "BLOB_UPLOAD_INVALID"],
];
for (const [what, range, status, code] of wrongChunks) {
  for (const streamed of [false, true]) {
    test(`a ${streamed ? "streamed " : ""}chunk ${what} is refused`, async () => {
      await using registry = await embedded();
      const chunk = bytes.subarray(0, 1000);
      const response = await registry.send("PATCH", await begin(registry), {
        body: streamed ? new Blob([chunk]).stream() : chunk,
        headers: { "content-range": range },
      });
      expect(response.status).toBe(status);
      expect(await errorCode(response)).toBe(code);
    });
  }
}

test("an upload is resumed after its connection was cut in mid-body", async () => {
  await using registry = await embedded();
  const session = await begin(registry);
  const { hostname, port } = new URL(registry.origin);
  const socket = connect(Number(port), hostname);
  socket.write(`PATCH ${session} HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes.length}\r\n\r\n`);
  socket.write(bytes.subarray(0, 50_000));
  const rangeNow = async () => (await registry.send("GET", session)).headers.get("range");
  while ((await rangeNow()) !== "0-49999") await Bun.sleep(5);
  // The old connection is still open: the newest request wins.
  const resumed = await registry.send("PATCH", session, part(50_000, 100_000));
  expect(resumed.headers.get("range")).toBe("0-99999");
  socket.write(bytes.subarray(50_000, 60_000));
  await Bun.sleep(20);
  expect(await rangeNow()).toBe("0-99999");
  socket.destroy();
  expect((await registry.send("PUT", `${session}?digest=${digest}`, part(100_000, 200_000))).status).toBe(
    201,
  );
});

test("content that does not match its digest is refused by every way of pushing, and nothing of it stays", async () => {
  await using dir = await tempDir();
  await using registry = await embedded({ dir: dir.path });
  const corrupted = Uint8Array.from(bytes);
  corrupted[1234]! ^= 1;
  const session = await begin(registry);
  const attempts = [
    await registry.send("POST", `${uploads}?digest=${digest}`, { body: corrupted }),
    await registry.send("PUT", `${await begin(registry)}?digest=${digest}`, { body: corrupted }),
    (await registry.send("PATCH", session, { body: corrupted })) &&
      (await registry.send("PUT", `${session}?digest=${digest}`)),
  ];
  for (const response of attempts) {
    expect(response.status).toBe(400);
    expect(await errorCode(response)).toBe("DIGEST_INVALID");
  }
  for (const wrong of [digest, digestOf(corrupted)]) {
    expect((await registry.send("HEAD", `/v2/team/app/blobs/${wrong}`)).status).toBe(404);
  }
  expect((await registry.send("GET", session)).status).toBe(404);
  expect(readdirSync(dir.file("uploads"))).toEqual([]);
  expect(readdirSync(dir.file("blobs"))).toEqual([]);
});

test("a POST that breaks off leaves nothing behind", async () => {
  await using dir = await tempDir();
  await using registry = await embedded({ dir: dir.path });
  const { hostname, port } = new URL(registry.origin);
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST ${uploads}?digest=${digest} HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes.length}\r\n\r\n`,
  );
  socket.write(bytes.subarray(0, 50_000));
  while (readdirSync(dir.file("uploads")).length === 0) await Bun.sleep(5);
  socket.destroy();
  while (readdirSync(dir.file("uploads")).length > 0) await Bun.sleep(5);
  expect((await registry.send("HEAD", blob)).status).toBe(404);
  expect(registry.notices).toEqual([]);
});

const wrongRequests: [string, string, string, number, string][] = [
  [
    "an unknown session",
    "PATCH",
    `${uploads}11111111-1111-1111-1111-111111111111`,
    404,
    "BLOB_UPLOAD_UNKNOWN",
  ],
  ["a path trick in place of a session", "GET", `${uploads}..%2f..%2fregistry.json`, 404, "UNSUPPORTED"],
  ["a POST with a broken digest", "POST", `${uploads}?digest=sha256:abc`, 400, "DIGEST_INVALID"],
  ["a POST with an unknown algorithm", "POST", `${uploads}?digest-algorithm=md5`, 400, "UNSUPPORTED"],
  ["a mount of a broken digest", "POST", `${uploads}?mount=sha256:../../x&from=a`, 400, "DIGEST_INVALID"],
];
for (const [what, method, path, status, code] of wrongRequests) {
  test(`${what} is answered ${status} ${code}`, async () => {
    await using registry = await embedded();
    const response = await registry.send(method, path);
    expect(response.status).toBe(status);
    expect(await errorCode(response)).toBe(code);
  });
}

test("a PUT without digest is refused, and the upload goes on", async () => {
  await using registry = await embedded();
  const session = await begin(registry);
  const response = await registry.send("PUT", session, { body: bytes });
  expect([response.status, await errorCode(response)]).toEqual([400, "DIGEST_INVALID"]);
  expect((await registry.send("PUT", `${session}?digest=${digest}`, { body: bytes })).status).toBe(201);
});

test("a session belongs to its repository, and is gone when it is cancelled", async () => {
  await using dir = await tempDir();
  await using registry = await embedded({ dir: dir.path });
  const session = await begin(registry);
  expect((await registry.send("GET", session.replace("team/app", "team/other"))).status).toBe(404);
  expect((await registry.send("DELETE", session)).status).toBe(204);
  expect((await registry.send("DELETE", session)).status).toBe(404);
  expect(readdirSync(join(dir.path, "uploads"))).toEqual([]);
});

test("a blob is mounted from the repository that has it, from any without `from`, and not from one that has not", async () => {
  await using registry = await embedded();
  await registry.send("POST", `${uploads}?digest=${digest}`, { body: bytes });
  const mount = (to: string, query: string) =>
    registry.send("POST", `/v2/${to}/blobs/uploads/?mount=${digest}${query}`);
  for (const from of ["nobody", "NOT-A-NAME", ""])
    expect((await mount("b", `&from=${from}`)).status).toBe(202);
  expect((await registry.send("HEAD", `/v2/b/blobs/${digest}`)).status).toBe(404);
  for (const [to, query] of [
    ["b", "&from=team/app"],
    ["c", ""],
  ] as const) {
    const response = await mount(to, query);
    expect([response.status, response.headers.get("location")]).toEqual([201, `/v2/${to}/blobs/${digest}`]);
    expect(
      Buffer.compare(await (await registry.send("GET", `/v2/${to}/blobs/${digest}`)).bytes(), bytes),
    ).toBe(0);
  }
});

test("25 uploads of one blob at the same time, to five repositories, store it once and serve it everywhere", async () => {
  await using dir = await tempDir();
  await using registry = await embedded({ dir: dir.path });
  const statuses = await Promise.all(
    Array.from({ length: 25 }, async (_, i) => {
      const path = `/v2/r${i % 5}/blobs/uploads/?digest=${digest}`;
      return (await registry.send("POST", path, { body: bytes })).status;
    }),
  );
  expect(statuses).toEqual(Array.from({ length: 25 }, () => 201));
  expect(readdirSync(dir.file("blobs/sha256"))).toEqual([digest.slice("sha256:".length)]);
  expect(readdirSync(dir.file("uploads"))).toEqual([]);
  for (let i = 0; i < 5; i += 1) {
    const pulled = await registry.send("GET", `/v2/r${i}/blobs/${digest}`);
    expect(Buffer.compare(await pulled.bytes(), bytes)).toBe(0);
  }
});
