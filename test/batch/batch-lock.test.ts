/** One run at a time, with flock(2) and where there is none. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { lockBatch } from "../../src/batch/batch-lock.ts";
import { tempDir } from "../support/temp-dir.ts";

const options = (directory: string) => ({ directory, verb: "batch-serialize", hint: "h" });

test("a second lock says who has the first, and a freed one leaves nothing", async () => {
  await using dir = await tempDir();
  const first = lockBatch(options(dir.path));
  expect(readFileSync(first.path, "utf8")).toStartWith(`${process.pid} ${hostname()} 20`);
  expect(() => lockBatch(options(dir.path))).toThrow(`process ${process.pid} on ${hostname()}, since 20`);
  first[Symbol.dispose]();
  expect(readdirSync(dir.path)).toEqual([]);
  lockBatch(options(dir.path))[Symbol.dispose]();
});

test("the two commands do not disturb each other", async () => {
  await using dir = await tempDir();
  using _ = lockBatch(options(dir.path));
  lockBatch({ ...options(dir.path), verb: "batch-deserialize" })[Symbol.dispose]();
});

test("a lock file that a killed run has left is nobody's", async () => {
  await using dir = await tempDir();
  writeFileSync(join(dir.path, ".ace-dt-batch-serialize.lock"), `1 ${hostname()} 2026-11-22T00:00:00.000Z\n`);
  lockBatch(options(dir.path))[Symbol.dispose]();
});

test("a directory that is not there is told", async () => {
  await using dir = await tempDir();
  expect(() => lockBatch(options(dir.file("absent")))).toThrow("no such directory");
});

describe("on a file system that knows no locks", () => {
  const lock = () => "unknown" as const;
  const held = (directory: string) => join(directory, ".ace-dt-batch-serialize.lock-file");

  test("a file holds the place", async () => {
    await using dir = await tempDir();
    const first = lockBatch({ ...options(dir.path), lock });
    expect(readdirSync(dir.path)).toEqual([".ace-dt-batch-serialize.lock-file"]);
    expect(() => lockBatch({ ...options(dir.path), lock })).toThrow(`process ${process.pid} on `);
    first[Symbol.dispose]();
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test("that of a process of this host that is gone is taken over", async () => {
    await using dir = await tempDir();
    const gone = Bun.spawn(["true"]);
    await gone.exited;
    writeFileSync(held(dir.path), `${gone.pid} ${hostname()} 2026-11-22T00:00:00.000Z\n`);
    lockBatch({ ...options(dir.path), lock })[Symbol.dispose]();
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test("that of another host stays, and the hint says which file to remove", async () => {
    await using dir = await tempDir();
    writeFileSync(held(dir.path), "1 elsewhere.example.com 2026-11-22T00:00:00.000Z\n");
    try {
      lockBatch({ ...options(dir.path), lock });
      throw new Error("it was taken");
    } catch (error) {
      expect(error).toMatchObject({
        code: "input",
        message: expect.stringContaining("process 1 on elsewhere.example.com"),
        hint: expect.stringContaining(held(dir.path)),
      });
    }
  });
});
