import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { Ingest } from "../../src/layout/ingest.ts";
import { receiveBody, UploadSessions } from "../../src/server/upload-sessions.ts";
import { tempDir } from "../support/temp-dir.ts";

test("UploadSessions drops an upload that nobody continued for an hour, when the next one begins", async () => {
  await using dir = await tempDir();
  const sessions = new UploadSessions();
  const begin = () => sessions.begin("a", new Ingest({ ingestDirectory: dir.path, durable: false }));
  const [old, fresh] = [begin(), begin()];
  old.usedAt -= 61 * 60 * 1000;
  fresh.usedAt -= 59 * 60 * 1000;
  const newest = begin();
  expect(sessions.find("a", old.id)).toBeUndefined();
  expect(sessions.find("a", fresh.id)).toBe(fresh);
  expect(sessions.find("b", newest.id)).toBeUndefined();
  expect(readdirSync(dir.path)).toHaveLength(2);
  sessions.endAll();
  expect(readdirSync(dir.path)).toEqual([]);
});

test("receiveBody() stops an older request as soon as a newer one writes", async () => {
  await using dir = await tempDir();
  const session = new UploadSessions().begin("a", new Ingest({ ingestDirectory: dir.path, durable: false }));
  const gate = Promise.withResolvers<void>();
  async function* slow() {
    yield Buffer.from("one ");
    await gate.promise;
    yield Buffer.from("late");
  }
  async function* fast() {
    yield Buffer.from("two");
  }
  const older = receiveBody(slow(), session);
  await Bun.sleep(1);
  expect(await receiveBody(fast(), session)).toBe("done");
  gate.resolve();
  expect(await older).toBe("superseded");
  expect(session.ingest.size).toBe("one two".length);
  session.ingest.discard();
});
