/** The compiled program on the kernel's own tape driver: blocks, filemarks, faults, and what other programs make of it. */
import { afterAll, describe, expect } from "bun:test";
import { testNeeding } from "../support/needs.ts";
import { originalFile } from "../support/original.ts";
import { Cartridge } from "../support/tape-vm/cartridge.ts";
import { type GuestResult, tapeGuest } from "../support/tape-vm/guest.ts";
import { senses } from "../support/tape-vm/sense.ts";
import { type GuestWorld, openGuestWorld } from "./guest-world.ts";

let opened: Promise<GuestWorld> | undefined;

afterAll(async () => {
  await (await opened)?.[Symbol.asyncDispose]();
}, 30_000);

/** One guest for all; each test begins with a blank tape. */
function onTape(name: string, body: (world: GuestWorld) => Promise<void>): void {
  const run = async () => {
    opened ??= openGuestWorld();
    const world = await opened;
    world.guest.drive.load();
    await body(world);
  };
  testNeeding([tapeGuest], name, run, 180_000);
}

const serialize = "ace-dt mirror serialize low.test/app:v1 /dev/nst0 -q";
const serializeSmall = "ace-dt mirror serialize low.test/small:v1 /dev/nst0 -q";
const deserialize = "ace-dt mirror deserialize /dev/nst0 -q";

/** The blocks of a tape's file, one after the other. */
function fileBytes(tape: Cartridge | undefined, file = 0): Buffer {
  return Buffer.concat(tape?.files()[file] ?? []);
}

/** What the first items of a tape are, short enough to be compared and shown. */
function headOf(tape: Cartridge | undefined, items?: number): string[] {
  return (tape?.items ?? [])
    .slice(0, items)
    .map((item) => (item.kind === "block" ? sha256(item.bytes) : item.kind));
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 16);
}

/** Sends a signal when some blocks of an archive are written. */
async function stopInTheMiddle(world: GuestWorld, signal: string): Promise<GuestResult> {
  const { drive } = world.guest;
  drive.fail({ on: "write", delayMs: 200, times: 1000 });
  const go = `go-${signal}`;
  const running = world.run(
    `${serialize} -b 64Ki & p=$!; until [ -e ${go} ]; do sleep 0.1; done; kill -${signal} $p; wait $p`,
  );
  await until(() => (drive.cartridge?.items.length ?? 0) > 5);
  await Bun.write(world.guest.file(go), "");
  return await running;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(20);
}

/** Runs, and expects success. */
async function ok(world: GuestWorld, script: string): Promise<string> {
  const { code, stdout, stderr } = await world.run(`set -e\n${script}`);
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout;
}

describe("writing", () => {
  onTape(
    "each write is one block of one size, the last one padded; a filemark, the catalogue and a filemark follow",
    async (world) => {
      const { drive } = world.guest;
      await ok(world, `${serialize} -b 64Ki\n ace-dt mirror serialize low.test/app:v1 app.tar -q`);
      expect(Object.keys(drive.writeSizes)).toEqual(["65536"]);
      const blocks = (drive.writeSizes["65536"] ?? 0) - 1;
      expect(drive.cartridge?.map()).toEqual([`${blocks} x 65536`, "filemark", "1 x 65536", "filemark"]);
      const [label] = fileBytes(drive.cartridge, 1).toString().split("\n");
      expect(JSON.parse(label ?? "")).toMatchObject({ volume: 1, last: true, offset: 0, file: 0, block: 0 });
      const archive = Buffer.from(await Bun.file(world.guest.file("app.tar")).arrayBuffer());
      const onTape = fileBytes(drive.cartridge);
      expect(onTape.subarray(0, archive.length).equals(archive)).toBe(true);
      expect(onTape.length - archive.length).toBeLessThan(65536);
      expect(onTape.subarray(archive.length).every((byte) => byte === 0)).toBe(true);
    },
  );

  onTape("flushes on the way lose no filemark, and the next archive is a file of its own", async (world) => {
    const { drive } = world.guest;
    await ok(
      world,
      `${serialize} -b 64Ki --flush-every 256Ki --checkpoint cp.txt\n ${serializeSmall} -b 64Ki`,
    );
    expect(drive.cartridge?.files().length).toBe(4);
    expect(drive.cartridge?.map().filter((part) => part === "filemark").length).toBe(4);
    expect(drive.commands.filemarks).toBeGreaterThan(10);
  });

  onTape("fixed blocks of the drive: a write of several is several blocks", async (world) => {
    const { drive } = world.guest;
    await ok(world, `mt-st -f /dev/nst0 setblk 32768\n ${serializeSmall} -b 64Ki`);
    expect(drive.cartridge?.map()).toEqual([
      ...[expect.stringMatching(/^\d*[02468] x 32768$/), "filemark", "2 x 32768", "filemark"],
    ]);
    const refused = await world.run(
      `mt-st -f /dev/nst0 setblk 1000; ${serializeSmall} -b 64Ki --position append`,
    );
    await world.run("mt-st -f /dev/nst0 setblk 0");
    expect(refused.code).toBe(7);
    expect(refused.stderr).toContain("mt -f /dev/nst0 setblk 0");
  });
});

describe("interop", () => {
  onTape("GNU tar reads ours, we read GNU tar's, and each reads it back as a set of files", async (world) => {
    const names = await ok(
      world,
      `${serialize} -b 256Ki\n mt -f /dev/nst0 rewind\n mkdir x; tar -b 512 -xf /dev/nst0 -C x\n (cd x; find . -type f | sort)
       mt -f /dev/nst0 rewind\n dd if=/dev/nst0 of=app-dd.tar bs=256k status=none; tar -tf app-dd.tar | wc -l`,
    );
    expect(names).toContain("./oci-layout");
    const { drive } = world.guest;
    drive.load();
    await ok(
      world,
      `cd x; tar -b 128 -cf /dev/nst0 oci-layout index.json blobs; cd ..; mt -f /dev/nst0 rewind
       ${deserialize} high.test/from-tar:v1`,
    );
    expect(Object.keys(drive.writeSizes)).toEqual(["65536"]);
    expect(await world.highHas("from-tar", "v1")).toBe(true);
  });

  onTape("an archive of the original is read from a tape", async (world) => {
    await Bun.write(world.guest.file("original.tar"), Bun.file(originalFile("serialize.tar")));
    await ok(
      world,
      `dd if=original.tar of=/dev/nst0 bs=1M conv=sync status=none; mt -f /dev/nst0 rewind
       ${deserialize} high.test/original:v1`,
    );
    expect(await world.highHas("original", "v1")).toBe(true);
  });

  onTape(
    "blocks larger than the reads are found out; two files are read one after the other, then comes nothing",
    async (world) => {
      const { drive } = world.guest;
      await ok(world, `${serialize} -b 1Mi\n ${serializeSmall} -b 512Ki\n mt -f /dev/nst0 rewind`);
      await ok(world, `${deserialize} -b 64Ki high.test/first:v1\n ${deserialize} high.test/second:v1`);
      expect(drive.commands.space).toBeGreaterThan(0);
      expect(await world.highHas("first", "v1")).toBe(true);
      expect(await world.highHas("second", "v1")).toBe(true);
      const beyond = await world.run(`${deserialize} high.test/third:v1`);
      expect(beyond.code).not.toBe(0);
      expect(beyond.stderr).toMatch(/blank from here on|it is empty/);
    },
  );
});

describe("before the first byte", () => {
  onTape(
    "a drive that cannot be written to is refused at once, in words, and is not touched",
    async (world) => {
      const { drive } = world.guest;
      const refused = async (script: string): Promise<string> => {
        const { code, stderr } = await world.run(script);
        expect(code).toBe(7);
        return stderr;
      };
      expect(
        await refused(`${serializeSmall.replace("nst0", "nst7")}; rc=$?; [ ! -e /dev/nst7 ] && exit $rc`),
      ).toContain("there is no such device");
      expect(await refused(serializeSmall.replace("nst0", "ttyS0"))).toContain("it is a terminal");
      expect(await refused(`exec 3</dev/nst0; ${serializeSmall}`)).toContain(
        "another program has the drive open",
      );
      drive.load(new Cartridge(), { writeProtected: true });
      expect(await refused(serializeSmall)).toContain("the tape is write-protected");
      drive.unload();
      expect(
        await refused(`${serializeSmall}; rc=$?; ${deserialize} high.test/none:v1; [ $? = $rc ] && exit $rc`),
      ).toMatch(
        /Cannot write .*there is no tape in the drive[\s\S]*Cannot read .*there is no tape in the drive/,
      );
      expect(drive.commands.write).toBeUndefined();
    },
  );

  onTape(
    "a drive that is still loading is waited for, with a message after 2 s, and Ctrl-C ends the wait",
    async (world) => {
      const { drive } = world.guest;
      drive.load(new Cartridge(), { ready: false });
      const running = world.run(serializeSmall.replace("-q", "--no-term"));
      await until(() => (drive.commands.ready ?? 0) > 8);
      drive.settings.ready = true;
      const { code, stderr } = await running;
      expect(code).toBe(0);
      expect(stderr).toContain("Waiting for /dev/nst0 to be ready");
      drive.load(new Cartridge(), { ready: false });
      const stopped = world.run(
        `${serializeSmall} & p=$!; until [ -e go-1 ]; do sleep 0.1; done; kill -INT $p; wait $p`,
      );
      await until(() => (drive.commands.ready ?? 0) > 4);
      await Bun.write(world.guest.file("go-1"), "");
      expect((await stopped).code).toBe(130);
    },
  );

  onTape(
    "blocks that the drive does not take are refused, and auto takes the largest that it does",
    async (world) => {
      const { drive } = world.guest;
      drive.load(new Cartridge(), { maxBlockBytes: 300_000 });
      const { code, stderr } = await world.run(serializeSmall);
      expect(code).toBe(7);
      expect(stderr).toContain("the drive takes blocks of at most 300000 bytes");
      expect(stderr).toContain("--block-size 262144");
      expect(drive.commands.write).toBeUndefined();
      await ok(world, `${serializeSmall} -b auto`);
      // The second one is the catalogue's.
      expect(Object.keys(drive.writeSizes).sort()).toEqual(["262144", "65536"]);
    },
  );

  onTape(
    "what is on a tape is named and kept, unless it is appended to or --force is given",
    async (world) => {
      const { drive } = world.guest;
      await ok(world, `${serializeSmall} -b 64Ki; mt -f /dev/nst0 rewind`);
      const before = headOf(drive.cartridge);
      const { code, stderr } = await world.run(`${serialize} -b 64Ki`);
      expect(code).toBe(7);
      expect(stderr).toMatch(/there is volume 1 of set [0-9a-f]{16} \(v1\): an archive of container images/);
      expect(stderr).toContain("--force");
      expect(headOf(drive.cartridge)).toEqual(before);
      await ok(world, `${serialize} -b 64Ki --position append`);
      expect(headOf(drive.cartridge, before.length)).toEqual(before);
      expect(drive.cartridge?.files().length).toBe(4);
      await ok(
        world,
        `${deserialize} --position file:2 high.test/file-one:v1; ${serialize} -b 64Ki --position bot --force`,
      );
      expect(await world.highHas("file-one", "v1")).toBe(true);
      expect(drive.cartridge?.files().length).toBe(2);
    },
  );
});

describe("faults", () => {
  onTape("a reset in the middle never touches the beginning of the tape", async (world) => {
    const { drive } = world.guest;
    await ok(world, `${serialize} -b 64Ki`);
    const before = headOf(drive.cartridge);
    // Writes of 2 MiB are finished by the driver while the next one is prepared.
    for (const [blockSize, written] of [
      ["64Ki", 20],
      ["2Mi", 0],
      ["2Mi", 1],
    ] as const) {
      drive.cartridge?.cut(before.length);
      drive.load(drive.cartridge);
      drive.fail({ on: "write", position: before.length + written, sense: senses.reset, rewinds: true });
      const { code, stderr } = await world.run(`${serialize} -b ${blockSize} --position append`);
      expect(code).toBe(7);
      expect(stderr).toContain("input/output error");
      expect(headOf(drive.cartridge, before.length)).toEqual(before);
      expect(drive.cartridge?.items.length).toBe(before.length + written);
      expect(drive.commands.write).toBe(written + 1);
    }
  });

  onTape("a reset that only a flush hears of stops the run", async (world) => {
    const { drive } = world.guest;
    await ok(world, `${serializeSmall} -b 64Ki`);
    const before = headOf(drive.cartridge);
    drive.load(drive.cartridge);
    // The first flush follows the first block, the second one 256 KiB later.
    drive.fail({ on: "filemarks", position: before.length + 5, sense: senses.reset, rewinds: true });
    const flush = await world.run(`${serialize} -b 64Ki --flush-every 256Ki --position append`);
    expect(flush.code).toBe(7);
    expect(headOf(drive.cartridge, before.length)).toEqual(before);
    expect(drive.commands.write).toBe(5);
  });

  for (const [name, sense] of [
    ["medium error", senses.mediumError],
    ["hardware error", senses.hardwareError],
    ["aborted command", senses.aborted],
  ] as const) {
    onTape(`${name}: nothing is written after it, and the last flush is named`, async (world) => {
      const { drive } = world.guest;
      drive.fail({ on: "write", position: 10, sense });
      const { code, stderr } = await world.run(
        `${serialize} -b 64Ki --flush-every 256Ki --checkpoint cp.txt --force`,
      );
      expect(code).toBe(7);
      expect(stderr).toContain("input/output error at byte 655360");
      expect(stderr).toContain("byte 589824, block 9 of the tape");
      expect(drive.commands.write).toBe(11);
      expect(drive.cartridge?.map()).toEqual(["10 x 65536"]);
    });
  }

  onTape(
    "writes that the driver finishes later (2 MiB): the error stops the run all the same",
    async (world) => {
      const { drive } = world.guest;
      drive.fail({ on: "write", position: 0, sense: senses.mediumError });
      const { code } = await world.run(`${serialize} -b 2Mi`);
      expect(code).toBe(7);
      expect(drive.cartridge?.items).toEqual([]);
      expect(drive.commands.write).toBe(1);
    },
  );

  onTape("a filemark that fails fails the run", async (world) => {
    world.guest.drive.fail({ on: "filemarks", sense: senses.mediumError, times: 9 });
    const { code, stderr } = await world.run(`${serializeSmall} -b 64Ki`);
    expect(code).toBe(7);
    expect(stderr).toContain("Cannot flush /dev/nst0: input/output error");
  });

  onTape(
    "a full tape ends the run when nobody brings another one; what is on it is a whole volume",
    async (world) => {
      const { drive } = world.guest;
      drive.load(new Cartridge(), { capacityBytes: 1024 * 1024, earlyWarningBytes: 256 * 1024 });
      const { code, stderr } = await world.run(`${serialize} -b 64Ki --checkpoint full.txt`);
      expect(code).toBe(7);
      expect(stderr).toContain("volume 1 is full, and ends at byte 786432 of the archive");
      expect(stderr).toContain("good up to byte 786432");
      expect(drive.cartridge?.map()).toEqual(["12 x 65536", "filemark", "1 x 65536", "filemark"]);
    },
  );

  onTape("SIGKILL leaves a truncated file that is never taken for a whole archive", async (world) => {
    const { drive } = world.guest;
    await stopInTheMiddle(world, "KILL");
    expect(drive.cartridge?.map()).toEqual([expect.stringMatching(/ x 65536$/), "filemark"]);
    drive.load(drive.cartridge);
    const read = await world.run(`${deserialize} high.test/killed:v1`);
    expect(read.code).toBe(6);
    expect(await world.highHas("killed", "v1")).toBe(false);
  });

  onTape("SIGINT ends the block, writes a filemark and ends with 130", async (world) => {
    expect((await stopInTheMiddle(world, "INT")).code).toBe(130);
    expect(world.guest.drive.cartridge?.map()).toEqual([expect.stringMatching(/ x 65536$/), "filemark"]);
  });

  onTape("a write that takes 8 s only makes the run longer", async (world) => {
    const { drive } = world.guest;
    drive.fail({ on: "write", position: 5, delayMs: 8000 });
    await ok(world, `${serialize} -b 64Ki`);
    expect(drive.cartridge?.files().length).toBe(2);
  });
});
