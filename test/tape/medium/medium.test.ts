/** What an archive is written to: new files only, whole blocks, and errors that say what is wrong. */
import { describe, expect, test } from "bun:test";
import { closeSync, constants, readFileSync, statSync, utimesSync } from "node:fs";
import { checkDestination, type MediumOptions } from "../../../src/tape/medium/medium.ts";
import { openLocked, openMedium } from "../../../src/tape/medium/open-medium.ts";
import { linux, testNeeding } from "../../support/needs.ts";
import { tempDir } from "../../support/temp-dir.ts";

function options(destination: string, force = false): MediumOptions {
  return { destination, force, blockBytes: 1024 };
}

const block = Buffer.alloc(1024, 7);

describe("a file", () => {
  test("is made, written and closed", async () => {
    await using dir = await tempDir();
    const medium = openMedium(options(dir.file("a.tar")));
    expect(medium.kind).toBe("file");
    medium.write(block, 0);
    medium.write(block.subarray(0, 100), 1024);
    medium.flush();
    medium.finish();
    expect(readFileSync(dir.file("a.tar")).equals(Buffer.concat([block, block.subarray(0, 100)]))).toBe(true);
    expect(() => medium.write(block, 0)).toThrow("Cannot write");
  });

  test("that exists is refused, untouched, without force; with it, it is replaced", async () => {
    await using dir = await tempDir();
    await Bun.write(dir.file("a.tar"), "precious");
    for (const attempt of [checkDestination, openMedium]) {
      expect(() => attempt(options(dir.file("a.tar")))).toThrow("the file exists already");
    }
    expect(await Bun.file(dir.file("a.tar")).text()).toBe("precious");
    expect(checkDestination(options(dir.file("a.tar"), true))).toBe("file");
    expect(await Bun.file(dir.file("a.tar")).text()).toBe("precious");
    const medium = openMedium(options(dir.file("a.tar"), true));
    medium.write(block.subarray(0, 3), 0);
    medium.finish();
    expect(statSync(dir.file("a.tar")).size).toBe(3);
  });

  test("is removed again when nothing was written to it, and kept when something was", async () => {
    await using dir = await tempDir();
    openMedium(options(dir.file("empty.tar"))).abandon(0);
    expect(await Bun.file(dir.file("empty.tar")).exists()).toBe(false);
    const medium = openMedium(options(dir.file("part.tar")));
    medium.write(block, 0);
    medium.abandon(1024);
    expect(statSync(dir.file("part.tar")).size).toBe(1024);
  });

  test("cannot be a directory, nor stand where there is none", async () => {
    await using dir = await tempDir();
    expect(() => openMedium(options(dir.path))).toThrow("it is a directory");
    expect(() => openMedium(options(dir.file("none/a.tar")))).toThrow("its directory does not exist");
    await Bun.write(dir.file("file"), "x");
    expect(() => openMedium(options(dir.file("file/a.tar")))).toThrow("not a directory");
  });

  test("errors are of code medium, and checking makes nothing", async () => {
    await using dir = await tempDir();
    expect(checkDestination(options(dir.file("new.tar")))).toBe("file");
    expect(await Bun.file(dir.file("new.tar")).exists()).toBe(false);
    try {
      openMedium(options(dir.path));
      throw new Error("it was opened");
    } catch (error) {
      expect(error).toMatchObject({ code: "medium" });
    }
  });
});

describe("what is no file", () => {
  testNeeding([linux], "a full device is said to be full, and where", () => {
    const medium = openMedium(options("/dev/full"));
    expect(medium.kind).toBe("device");
    expect(() => medium.write(block, 4096)).toThrow("no space left on it at byte 4096");
    medium.abandon(0);
    expect(statSync("/dev/full").isCharacterDevice()).toBe(true);
  });

  testNeeding([linux], "a pipe takes everything, and its closed end is an error", async () => {
    await using dir = await tempDir();
    expect(Bun.spawnSync(["mkfifo", dir.file("pipe")]).exitCode).toBe(0);
    // The shell opens the pipe: opening it for writing waits for that.
    const reader = Bun.spawn(["sh", "-c", `head -c 3000 < "${dir.file("pipe")}"`], { stdout: "pipe" });
    const medium = openMedium(options(dir.file("pipe")));
    expect(medium.kind).toBe("stream");
    for (const offset of [0, 1024, 2048]) medium.write(block, offset);
    medium.flush();
    expect((await new Response(reader.stdout).bytes()).length).toBe(3000);
    await reader.exited;
    expect(() => {
      for (let offset = 3072; offset < 1_000_000; offset += 1024) medium.write(block, offset);
    }).toThrow("Cannot write");
    medium.abandon(3072);
    expect(statSync(dir.file("pipe")).isFIFO()).toBe(true);
  });
});

describe("a file that goes on", () => {
  test("keeps what is before the cut, loses what is behind it, and grows from there", async () => {
    await using dir = await tempDir();
    await Bun.write(dir.file("a.tar"), Buffer.alloc(3000, 1));
    const resumed = { fd: openLocked(dir.file("a.tar"), constants.O_RDWR | constants.O_APPEND), at: 1024 };
    const medium = openMedium({ ...options(dir.file("a.tar")), resumed });
    medium.write(block, 1024);
    medium.finish();
    expect(readFileSync(dir.file("a.tar")).equals(Buffer.concat([Buffer.alloc(1024, 1), block]))).toBe(true);
  });

  test("is not touched where it ends at the cut and nothing follows", async () => {
    await using dir = await tempDir();
    await Bun.write(dir.file("a.tar"), block);
    utimesSync(dir.file("a.tar"), 1, 1);
    const resumed = { fd: openLocked(dir.file("a.tar"), constants.O_RDWR | constants.O_APPEND), at: 1024 };
    openMedium({ ...options(dir.file("a.tar")), resumed }).finish();
    expect(statSync(dir.file("a.tar")).mtimeMs).toBe(1000);
  });

  testNeeding(
    [linux],
    "belongs to one run: a second one is refused, and --force does not empty it",
    async () => {
      await using dir = await tempDir();
      const first = openMedium(options(dir.file("a.tar")));
      first.write(block, 0);
      expect(() => openMedium(options(dir.file("a.tar"), true))).toThrow("another run is writing to it");
      expect(() => openLocked(dir.file("a.tar"), constants.O_RDWR)).toThrow("another run is writing to it");
      first.finish();
      expect(readFileSync(dir.file("a.tar")).equals(block)).toBe(true);
      closeSync(openLocked(dir.file("a.tar"), constants.O_RDWR));
    },
  );
});
