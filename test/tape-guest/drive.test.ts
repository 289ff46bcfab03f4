/** The emulated drive, seen through the kernel's driver by programs that are not ours: what other tests of a tape stand on. */
import { afterAll, describe, expect } from "bun:test";
import { program, testNeeding } from "../support/needs.ts";
import { Cartridge } from "../support/tape-vm/cartridge.ts";
import { startTapeGuest, type TapeGuest, tapeGuest } from "../support/tape-vm/guest.ts";

let started: Promise<TapeGuest> | undefined;

afterAll(async () => {
  await (await started)?.[Symbol.asyncDispose]();
}, 30_000);

function inGuest(programs: readonly string[], name: string, body: (guest: TapeGuest) => Promise<void>): void {
  const run = async () => {
    started ??= startTapeGuest();
    const guest = await started;
    guest.drive.load();
    await body(guest);
  };
  testNeeding([tapeGuest, ...programs.map(program)], name, run, 180_000);
}

const mebibyte = 1024 * 1024;
/** Writes blocks of 64 KiB until the drive wants no more; says the system's error, if there was one. */
const write = (blocks: number) => `dd if=/dev/urandom of=/dev/nst0 bs=64k count=${blocks} 2>&1 | head -1`;

describe("changer", () => {
  inGuest(["mt-st"], "a hook changes the tape, and what follows is on the new one", async (guest) => {
    const { drive } = guest;
    const first = drive.shelf.put("volume-1", { capacityBytes: mebibyte });
    const second = drive.shelf.put("volume-2");
    drive.change("volume-1");
    drive.settings.earlyWarningBytes = 192 * 1024;
    await Bun.write(
      guest.file("hook"),
      '#!/bin/sh\nmt -f "$DEVICE" offline && change-tape "volume-$VOLUME"\n',
    );
    const { code, stdout } = await guest.run(`
      ${write(40)}
      DEVICE=/dev/nst0 VOLUME=2 sh ./hook || exit 1
      mt -f /dev/nst0 status | grep -c BOT
      ${write(3)}
      DEVICE=/dev/nst0 VOLUME=1 sh ./hook && dd if=/dev/nst0 bs=64k status=none | wc -c`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^dd: error writing '\/dev\/nst0': No space left on device\n1\n3\+0 records in\n/);
    expect(stdout).toEndWith(`\n${13 * 65_536}\n`);
    expect(first.map()).toEqual(["13 x 65536", "filemark"]);
    expect(second.map()).toEqual(["3 x 65536", "filemark"]);
    expect(drive.changes).toEqual(["volume-1", "volume-2", "volume-1"]);
  });

  inGuest(["mt-st"], "a tape that is not on the shelf stays out, and the hook is told so", async (guest) => {
    const { drive } = guest;
    drive.shelf.put("clean");
    const { code, stderr } = await guest.run("mt -f /dev/nst0 offline; change-tape volume-7");
    expect(code).toBe(1);
    expect(stderr).toBe('change-tape: There is no tape "volume-7" on the shelf; there are: clean\n');
    expect(drive.cartridge).toBeUndefined();
  });

  inGuest(
    [],
    "a tape with its switch set cannot be written to, and one that loads is waited for",
    async (guest) => {
      const { drive } = guest;
      drive.shelf.put("protected", { writeProtected: true });
      drive.shelf.put("slow");
      drive.settings.loadingMs = 1200;
      const { stdout } = await guest.run(`
      change-tape protected; ${write(1)}
      change-tape slow; date +%s%N; ${write(1)}; date +%s%N`);
      const [refused, begun, written, ended] = stdout.split("\n");
      expect(refused).toBe("dd: failed to open '/dev/nst0': Read-only file system");
      expect(written).toBe("1+0 records in");
      expect((Number(ended) - Number(begun)) / 1e6).toBeGreaterThan(1000);
    },
  );
});

/** Underruns of the best of some runs: a busy machine feeds a guest in bursts of its own. */
async function fewest(run: () => Promise<number>, rounds = 4): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds && best > 0; round++) best = Math.min(best, await run());
  return best;
}

describe("pace", () => {
  inGuest(
    ["mbuffer"],
    "a buffer that is filled before it is emptied spares the tape what bursts do to it",
    async (guest) => {
      const { drive } = guest;
      const streaming = { bufferBytes: mebibyte, bytesPerSecond: 4 * mebibyte, backHitchMs: 50 };
      const bursts = "for n in 1 2 3 4; do head -c 1048576 /dev/zero; sleep 0.5; done";
      const runs = async (writer: string) => {
        drive.load(new Cartridge(), { streaming });
        expect((await guest.run(`{ ${bursts}; } | ${writer}`)).code).toBe(0);
        expect(drive.cartridge?.map()).toEqual(["64 x 65536", "filemark"]);
        // What was written took the tape a second, however often it had to stop.
        expect(drive.streaming?.streamedMs).toBeCloseTo(1000, 0);
        return drive.streaming?.underruns ?? Number.NaN;
      };
      const mbuffer = "mbuffer -q -s 65536 -m 6M -o /dev/nst0";
      expect(await runs("dd of=/dev/nst0 bs=64k iflag=fullblock status=none")).toBeGreaterThanOrEqual(3);
      const bare = await runs(mbuffer);
      expect(bare).toBeGreaterThanOrEqual(3);
      expect(await fewest(() => runs(`${mbuffer} -P 90`))).toBeLessThan(bare);
    },
  );

  inGuest(
    ["mbuffer"],
    "util mbuffer has no underrun where mbuffer with the same memory has none",
    async (guest) => {
      const { drive } = guest;
      const streaming = { bufferBytes: mebibyte, bytesPerSecond: 6 * mebibyte, backHitchMs: 50 };
      const bursts = "for n in 1 2 3 4 5; do head -c 4194304 /dev/zero; sleep 0.6; done";
      const underruns = async (writer: string) => {
        drive.load(new Cartridge(), { streaming });
        expect((await guest.run(`{ ${bursts}; } | ${writer}`)).code).toBe(0);
        expect(drive.cartridge?.map()).toEqual(["320 x 65536", "filemark"]);
        return drive.streaming?.underruns ?? Number.NaN;
      };
      const ours = "ace-dt util mbuffer -q -b 64Ki -m 16Mi -o /dev/nst0";
      const theirs = await fewest(() => underruns("mbuffer -q -s 65536 -m 16M -P 90 -o /dev/nst0"));
      if (theirs > 0) {
        // The guest's imitated processor has not the time for either of them.
        console.log(`mbuffer has ${theirs} underruns here: this machine is too slow to compare`);
        return;
      }
      expect(await fewest(() => underruns(`${ours} --hwm 90`))).toBe(0);
      // So that it is known that the mark is what spares the tape.
      expect(await underruns(`${ours} --hwm 0`)).toBeGreaterThanOrEqual(3);
    },
  );

  inGuest([], "a drive whose buffer is full lets the writer wait", async (guest) => {
    const { drive } = guest;
    drive.load(new Cartridge(), { streaming: { bufferBytes: 65_536, bytesPerSecond: 2 * mebibyte } });
    const { stdout } = await guest.run(`date +%s%N; ${write(32)}; date +%s%N`);
    const [begun, , ended] = stdout.split("\n");
    const ms = (Number(ended) - Number(begun)) / 1e6;
    expect(ms).toBeGreaterThan(900);
    expect(drive.streaming?.flushes).toBe(1);
  });
});

describe("end of tape", () => {
  inGuest(
    ["mt-st"],
    "without early warning the end comes at once, and what did not fit is not there",
    async (guest) => {
      const { drive } = guest;
      drive.load(new Cartridge({ capacityBytes: mebibyte }), { earlyWarningBytes: 0 });
      const { stdout } = await guest.run(write(40));
      expect(stdout).toContain("No space left on device");
      expect(drive.cartridge?.map()).toEqual(["16 x 65536", "filemark"]);
    },
  );

  inGuest(["mt-st"], "a drive may store what it says it has no room for", async (guest) => {
    const { drive } = guest;
    drive.load(new Cartridge({ capacityBytes: mebibyte }), {
      earlyWarningBytes: 128 * 1024,
      storesWhenFull: true,
    });
    const { stdout } = await guest.run(`${write(40)}; mt -f /dev/nst0 tell`);
    expect(stdout).toContain("No space left on device\nAt block 15.\n");
    expect(drive.cartridge?.map()).toEqual(["14 x 65536", "filemark"]);
  });

  inGuest(["mt-st"], "a drive may say nothing, and store nothing", async (guest) => {
    const { drive } = guest;
    drive.load(new Cartridge({ capacityBytes: mebibyte }), { earlyWarningBytes: 0, swallowsWhenFull: true });
    const { stdout } = await guest.run(`${write(40)}; mt -f /dev/nst0 tell`);
    expect(stdout).toBe("40+0 records in\nAt block 17.\n");
    expect(drive.cartridge?.map()).toEqual(["16 x 65536", "filemark"]);
  });
});

inGuest([], "a host adapter can be made to refuse large transfers", async (guest) => {
  const { code, stdout } = await guest.run(`
    limit-transfers 262144 && dd if=/dev/zero of=/dev/nst0 bs=256k count=1 status=none && echo taken
    dd if=/dev/zero of=/dev/nst0 bs=512k count=1 2>&1 | head -1
    limit-transfers 524288 && dd if=/dev/zero of=/dev/nst0 bs=512k count=1 status=none && echo taken
    dd if=/dev/zero of=/dev/nst0 bs=1M count=1 2>&1 | head -1
    limit-transfers 0 && dd if=/dev/zero of=/dev/nst0 bs=1M count=1 status=none && echo taken`);
  const busy = "dd: error writing '/dev/nst0': Device or resource busy";
  expect(stdout).toBe(`taken\n${busy}\ntaken\n${busy}\ntaken\n`);
  expect(code).toBe(0);
});

inGuest(
  ["sg_logs", "mt-st"],
  "log pages: what sg_logs makes of the tape's capacity and of TapeAlert",
  async (guest) => {
    guest.drive.load(new Cartridge({ capacityBytes: 100 * mebibyte }), { cleaningAsked: true });
    const { stdout } = await guest.run(
      "dd if=/dev/zero of=/dev/nst0 bs=1M count=10 status=none; sg_logs -p 0x31 /dev/nst0; sg_logs -p 0x2e /dev/nst0 | grep ': 1'",
    );
    expect(stdout).toMatch(/Main partition remaining capacity \(in MiB\): 89/);
    expect(stdout).toMatch(/Main partition maximum capacity \(in MiB\): 100/);
    expect(stdout).toMatch(/Cleaning required: 1\n|Clean now: 1\n/);
  },
);
