/** Sets of volumes on the kernel's own tape driver: hooks, prints of how to go on, kills, wrong tapes, restoring without this program. */
import { afterAll, describe, expect } from "bun:test";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/build-binary.ts";
import { parseCatalogue } from "../../src/tape/catalogue/catalogue.ts";
import { blocksOf } from "../docs/markdown.ts";
import { type Need, program, testNeeding } from "../support/needs.ts";
import { pushPlaced, standardImages } from "../support/standard-images.ts";
import type { Cartridge } from "../support/tape-vm/cartridge.ts";
import type { DriveSettings } from "../support/tape-vm/drive-settings.ts";
import { tapeGuest } from "../support/tape-vm/guest.ts";
import { senses } from "../support/tape-vm/sense.ts";
import { type GuestWorld, openGuestWorld } from "./guest-world.ts";

let opened: Promise<GuestWorld> | undefined;
/** What a file of the same image has. */
let whole: Buffer | undefined;

afterAll(async () => {
  await (await opened)?.[Symbol.asyncDispose]();
}, 30_000);

const mebibyte = 1024 * 1024;
const serialize = "ace-dt mirror serialize low.test/app:v1 /dev/nst0 -b 64Ki --no-term";
const changer = `--volume-change 'change-tape T$VOLUME'`;

/** Tapes T1 to T5 on the shelf, the first one in the drive, which is as new. */
function blankTapes({ guest }: GuestWorld, settings: Partial<DriveSettings> = {}): Cartridge[] {
  const { drive } = guest;
  drive.load(undefined, { earlyWarningBytes: mebibyte / 4, ...settings });
  const tapes = [1, 2, 3, 4, 5].map((at) => drive.shelf.put(`T${at}`, { capacityBytes: 1.5 * mebibyte }));
  drive.change("T1");
  return tapes;
}

/** One guest for all; each test begins with blank tapes T1 to T5, and the first one in the drive. */
function onTapes(
  name: string,
  body: (world: GuestWorld, tapes: Cartridge[]) => Promise<void>,
  needs: readonly Need[] = [],
): void {
  const run = async () => {
    opened ??= openGuestWorld();
    const world = await opened;
    const tapes = blankTapes(world);
    if (whole === undefined) {
      await ok(world, "ace-dt mirror serialize low.test/app:v1 whole.tar -q");
      whole = Buffer.from(await Bun.file(world.guest.file("whole.tar")).arrayBuffer());
    }
    await body(world, tapes);
  };
  testNeeding([tapeGuest, ...needs], name, run, 180_000);
}

/** Runs, and expects success. */
async function ok(world: GuestWorld, script: string): Promise<string> {
  const { code, stdout, stderr } = await world.run(`set -e\n${script}`);
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${stdout}\n${stderr}`);
  return `${stdout}${stderr}`;
}

/** The data of each tape, one behind the other, as far as the tapes have any. */
function dataOf(tapes: readonly Cartridge[]): Buffer {
  return Buffer.concat(tapes.flatMap((tape) => tape.files()[0] ?? []));
}

function expectWhole(tapes: readonly Cartridge[]): void {
  const data = dataOf(tapes);
  const archive = whole ?? Buffer.alloc(0);
  expect(data.subarray(0, archive.length).equals(archive)).toBe(true);
  expect(data.subarray(archive.length).every((byte) => byte === 0)).toBe(true);
}

const contentsOf = (tapes: readonly Cartridge[]) =>
  tapes.map(({ items }) =>
    items.map((item) => (item.kind === "filemark" ? "filemark" : Bun.hash(item.bytes))),
  );

describe("a set of tapes", () => {
  onTapes(
    "is written with a hook, each tape with its catalogue, and read by every verb with a hook",
    async (world, tapes) => {
      const said = await ok(world, `${serialize} ${changer} --checkpoint cp-1`);
      expectWhole(tapes);
      expect(said).toMatch(/3 volumes of set [0-9a-f]{16}/);
      expect(said).toContain("the drive streamed");
      const labels = tapes.slice(0, 3).map((tape) => {
        expect(tape.files().length).toBe(2);
        expect(tape.items.at(-1)?.kind).toBe("filemark");
        return parseCatalogue(Buffer.concat(tape.files()[1] ?? []).toString(), "tape").label;
      });
      expect(labels.map(({ volume, last, file, block }) => ({ volume, last, file, block }))).toEqual(
        [1, 2, 3].map((volume) => ({ volume, last: volume === 3, file: 0, block: 0 })),
      );
      const { guest } = world;
      const ledger = (await Bun.file(guest.file("cp-1")).text()).trim().split("\n");
      for (const line of ledger) {
        const { annotations } = JSON.parse(line);
        const offset = Number(annotations["vnd.act3-ace.data.offset"]);
        const label = labels.findLast((each) => each.offset < offset);
        expect(annotations["vnd.act3-ace.data.volume"]).toBe(String(label?.volume));
        expect(annotations["vnd.act3-ace.data.tape.block"]).toBe(
          String(Math.floor((offset - 1 - (label?.offset ?? 0)) / 65536)),
        );
      }
      const read = (verb: string) => `change-tape T1; ${verb} ${changer} -q`;
      await ok(world, read("ace-dt mirror deserialize /dev/nst0 high.test/set:v1"));
      expect(await world.highHas("set", "v1")).toBe(true);
      await ok(world, read("ace-dt mirror verify /dev/nst0"));
      expect(await ok(world, `change-tape T1; ace-dt mirror list /dev/nst0 ${changer}`)).toContain("sha256:");
      const unarchive = "ace-dt mirror unarchive /dev/nst0 nest=high.test/nested --reference v1 --no-term";
      expect(
        await ok(world, `export ACE_DT_CACHE_PATH=$PWD/store; change-tape T1; ${unarchive} ${changer}`),
      ).toContain("unarchive: 1 image");
    },
  );

  onTapes("is restored without this program: dd and cat, and tar on what they give", async (world, tapes) => {
    await ok(world, `${serialize} ${changer}`);
    await ok(
      world,
      `for n in 1 2 3; do change-tape T$n; mt -f /dev/nst0 rewind; dd if=/dev/nst0 bs=64k status=none; done >restored.tar
       tar -tf restored.tar >names; grep -q oci-layout names; mkdir -p restored; tar -xf restored.tar -C restored
       mt -f /dev/nst0 rewind; mt -f /dev/nst0 fsf 1; dd if=/dev/nst0 bs=64k status=none | head -n 1 >label`,
    );
    const restored = Buffer.from(await Bun.file(world.guest.file("restored.tar")).arrayBuffer());
    expect(restored.subarray(0, whole?.length).equals(whole ?? Buffer.alloc(0))).toBe(true);
    expect(await Bun.file(world.guest.file("label")).json()).toMatchObject({
      aceDtCatalogue: 1,
      volume: 3,
      last: true,
    });
    expect(dataOf(tapes).equals(restored)).toBe(true);
  });

  onTapes(
    "without a hook the run ends with 7 after each tape, and prints the command for the next",
    async (world, tapes) => {
      let command = serialize;
      for (const volume of [2, 3]) {
        const { code, stderr } = await world.run(command);
        expect([volume, code]).toEqual([volume, 7]);
        expect(stderr).toMatch(new RegExp(`volume ${volume} of set [0-9a-f]{16} is wanted`));
        command = /to go on on these tapes: (.*)/.exec(stderr)?.[1] ?? "";
        expect(command).toMatch(/^ace-dt mirror serialize .*--resume --resume-volume /);
        // The tape that is full is still in the drive: it is told from a fresh one.
        const again = await world.run(command);
        expect(again.code).toBe(7);
        expect(again.stderr).toContain(`the tape is volume ${volume - 1} of set`);
        await ok(world, `change-tape T${volume}`);
      }
      await ok(world, command);
      expectWhole(tapes);
    },
  );

  onTapes(
    "wrong tapes are refused while a set is written: the one before, a protected one, one with data",
    async (world, tapes) => {
      const { drive } = world.guest;
      drive.shelf.put("WP", { capacityBytes: 1.5 * mebibyte, writeProtected: true });
      drive.shelf
        .put("USED", { capacityBytes: 1.5 * mebibyte })
        .put(0, { kind: "block", bytes: Buffer.from("precious") });
      await Bun.write(world.guest.file("order"), "T1\nWP\nUSED\nT2\nT3\n");
      const hook = `echo "$REASON" >>reasons; name=$(head -n 1 order); sed -i 1d order; change-tape "$name"`;
      await ok(world, `rm -f reasons; ${serialize} --volume-change '${hook}'`);
      expectWhole(tapes);
      expect((await Bun.file(world.guest.file("reasons")).text()).trim().split("\n")).toEqual([
        ...["full", "wrong", "wrong", "wrong", "full"],
      ]);
      expect(drive.shelf.get("USED").items.length).toBe(1);
    },
  );

  onTapes("a hook that fails ends the run with 7 and a whole volume", async (world, tapes) => {
    const { code, stderr } = await world.run(`${serialize} --volume-change 'exit 3'`);
    expect(code).toBe(7);
    expect(stderr).toContain("the command for the next volume ended with 3");
    expect(tapes[0]?.files().length).toBe(2);
    expect(tapes[0]?.items.at(-1)?.kind).toBe("filemark");
  });

  onTapes(
    "a drive that stores the block for which it says that there is no room doubles nothing",
    async (world) => {
      const tapes = blankTapes(world, { storesWhenFull: true });
      await ok(world, `${serialize} ${changer}`);
      expectWhole(tapes);
    },
  );
});

describe("at a terminal", () => {
  onTapes(
    "the next tape is asked for, after the full one is let out; q ends the run with 7",
    async (world, tapes) => {
      // A terminal on both sides: the script answers what it is asked, as a hand would.
      const hand = `import os, pty, re, subprocess, sys
log, n = b"", 1
pid, fd = pty.fork()
if pid == 0: os.execvp("bash", ["bash", "-c", sys.argv[1]])
while True:
    try: data = os.read(fd, 65536)
    except OSError: break
    if not data: break
    log += data
    if log.count(b"press Enter") == n:
        n += 1
        if n > int(sys.argv[2]): os.write(fd, b"q\\n")
        else:
            subprocess.run(["change-tape", "T%d" % n], check=True)
            os.write(fd, b"\\n")
sys.stdout.buffer.write(log)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
      await Bun.write(world.guest.file("hand.py"), hand);
      const { code, stdout } = await world.run(
        `TERM=xterm python3 hand.py "${serialize.replace(" --no-term", "")}" 9`,
      );
      expect([code, stdout]).toEqual([0, expect.not.stringContaining("Cannot")]);
      expect(stdout).toContain("Put in a blank tape as volume 2, then press Enter");
      expect(stdout).toMatch(/\| volume 1 tape \d+% \| 0 un/);
      expectWhole(tapes);
      const fresh = blankTapes(world);
      const quit = await world.run(`python3 hand.py "${serialize}" 2`);
      expect(quit.code).toBe(7);
      expect(quit.stdout).toContain("and nobody brought it");
      expect(fresh[2]?.items.length).toBe(0);
    },
    [program("python3")],
  );
});

describe("ends of tapes", () => {
  onTapes("wherever in the archive the early warning comes, the tapes are the archive", async (world) => {
    const archive = whole ?? Buffer.alloc(0);
    const blocks = Math.ceil(archive.length / 65536);
    // Behind the first block, in the middle, at the last two blocks (index.json and the end marker), and behind them.
    for (const ends of [1, 20, blocks - 2, blocks - 1, blocks]) {
      const tapes = blankTapes(world);
      const { drive } = world.guest;
      drive.shelf.put("T1", { capacityBytes: ends * 65536 + 256 * 1024 });
      for (const at of [2, 3]) drive.shelf.put(`T${at}`, { capacityBytes: 8 * mebibyte });
      drive.change("T1");
      await ok(world, `${serialize} ${changer} -q`);
      const written = tapes
        .map((_, at) => drive.shelf.get(`T${at + 1}`))
        .filter(({ items }) => items.length > 0);
      expect([ends, written.length]).toEqual([ends, ends < blocks ? 2 : 1]);
      expectWhole(written);
    }
  });

  onTapes("blocks that the driver writes behind its caller's back end a tape as others do", async (world) => {
    // Larger than what st takes without a buffer of its own (ST_MAX_SG pages).
    const blockBytes = 2 * mebibyte;
    blankTapes(world, { earlyWarningBytes: 6 * mebibyte });
    const { drive } = world.guest;
    const tapes = [1, 2, 3].map((at) => drive.shelf.put(`T${at}`, { capacityBytes: 8 * mebibyte }));
    drive.change("T1");
    await ok(world, `${serialize.replace("-b 64Ki", "-b 2Mi")} ${changer} -q`);
    expect(tapes.map((tape) => tape.files()[0]?.map(({ length }) => length))).toEqual([
      ...[[blockBytes], [blockBytes], undefined],
    ]);
    expectWhole(tapes);
  });

  onTapes("a drive that swallows blocks, and one that loses its place, stop the run", async (world) => {
    const { drive } = world.guest;
    blankTapes(world, { earlyWarningBytes: 0, swallowsWhenFull: true });
    const swallowed = await world.run(`${serialize} ${changer}`);
    expect(swallowed.code).toBe(7);
    expect(swallowed.stderr).toContain("Cannot trust /dev/nst0");
    blankTapes(world);
    drive.fail({ on: "position", position: 9, sense: senses.hardwareError, times: 9 });
    const lost = await world.run(`${serialize} ${changer} --flush-every 512Ki`);
    expect(lost.code).toBe(7);
    expect(lost.stderr).toContain("does not say where it is");
    expect(lost.stderr).toContain("the last flush was at byte 65536, block 1 of the tape");
  });

  onTapes(
    "a host adapter that takes small transfers only: the largest size that works is named, and auto takes it",
    async (world, tapes) => {
      const { code, stderr } = await world.run(
        `limit-transfers 262144; ${serialize.replace("-b 64Ki", "-b 1Mi")}`,
      );
      expect(code).toBe(7);
      expect(stderr).toMatch(/Give --block-size (262144|524288)/);
      expect(tapes[0]?.items.length).toBe(0);
      const auto = await world.run(
        `${serialize.replace("-b 64Ki", "-b auto")} ${changer}; rc=$?; limit-transfers 0; exit $rc`,
      );
      expect([auto.code, auto.stderr.includes("Cannot")]).toEqual([0, false]);
      expectWhole(tapes);
    },
  );

  onTapes(
    "a command that is never answered ends with the driver's patience, and nothing follows it",
    async (world, tapes) => {
      world.guest.drive.fail({ on: "write", position: 9, drop: true });
      const { code, stderr } = await world.run(
        `mt-st -f /dev/nst0 sttimeout 4; ${serialize} ${changer}; rc=$?; mt-st -f /dev/nst0 sttimeout 900; exit $rc`,
      );
      expect(code).toBe(7);
      expect(stderr).toContain("input/output error");
      expect(tapes[0]?.items.length).toBe(9);
    },
  );
});

describe("--resume on tape", () => {
  onTapes(
    "after kills at random moments the tapes are those of a run that nothing interrupted",
    async (world, tapes) => {
      const { drive } = world.guest;
      await ok(world, `${serialize} ${changer} --flush-every 256Ki`);
      const wanted = contentsOf(tapes);
      for (const seed of [3, 9, 17, 29, 40]) {
        const fresh = blankTapes(world);
        drive.fail({ on: "write", delayMs: 20, times: 100 });
        const checkpoint = `--checkpoint cp-${seed}`;
        const go = `go-${seed}`;
        const killed = world.run(
          `${serialize} ${changer} --flush-every 256Ki ${checkpoint} & p=$!
         until [ -e ${go} ]; do sleep 0.05; done; kill -KILL $p; wait $p`,
        );
        while (fresh.reduce((sum, { items }) => sum + items.length, 0) < seed) await Bun.sleep(5);
        await Bun.write(world.guest.file(go), "");
        expect([seed, (await killed).code]).toEqual([seed, 137]);
        await ok(world, `${serialize} ${changer} --flush-every 256Ki ${checkpoint} --resume`);
        expect([seed, contentsOf(fresh)]).toEqual([seed, wanted]);
      }
    },
  );

  onTapes("without a checkpoint the first tape is read back, and gone on with", async (world, tapes) => {
    await ok(world, `${serialize} ${changer}`);
    const wanted = contentsOf(tapes);
    // What a kill leaves: some blocks, and the filemark that the kernel writes. The 20th block reaches the early warning.
    for (const blocks of [10, 20]) {
      tapes[0]?.cut(blocks);
      tapes[0]?.put(blocks, { kind: "filemark" });
      for (const at of [1, 2]) tapes[at]?.cut(0);
      const said = await ok(world, `change-tape T1; ${serialize} ${changer} --resume`);
      expect(said).toContain("went on on /dev/nst0 at byte");
      expect([blocks, contentsOf(tapes)]).toEqual([blocks, wanted]);
    }
    expect(await ok(world, `change-tape T3; ${serialize} --resume`)).toContain("was whole already");
    const whole1 = await world.run(`change-tape T1; ${serialize} --resume`);
    expect(whole1.code).toBe(7);
    expect(whole1.stderr).toContain("volume 1 of set");
  });

  onTapes("another tape than the checkpoint speaks of is not written to", async (world, tapes) => {
    const { drive } = world.guest;
    drive.fail({ on: "write", delayMs: 50, times: 100 });
    const killed = world.run(
      `${serialize} --flush-every 256Ki --checkpoint cp-other & p=$!; until [ -e go-other ]; do sleep 0.05; done; kill -KILL $p; wait $p`,
      30_000,
    );
    while ((tapes[0]?.items.length ?? 0) < 12) await Bun.sleep(5);
    await Bun.write(world.guest.file("go-other"), "");
    expect((await killed).code).toBe(137);
    for (let at = 0; at < 20; at++) tapes[1]?.put(at, { kind: "block", bytes: Buffer.alloc(65536, at) });
    const before = contentsOf([tapes[1]!]);
    const { code, stderr } = await world.run(
      `change-tape T2; ${serialize} --flush-every 256Ki --checkpoint cp-other --resume`,
    );
    expect(code).toBe(7);
    expect(stderr).toContain("is not what the checkpoint says");
    expect(contentsOf([tapes[1]!])).toEqual(before);
  });
});

describe("--verify", () => {
  onTapes("reads each tape back, and finds one flipped bit", async (world, tapes) => {
    const { drive } = world.guest;
    expect(await ok(world, `${serialize} ${changer} --verify`)).toContain("read back and compared");
    expectWhole(tapes);
    const [tape] = blankTapes(world);
    drive.fail({ on: "locate", delayMs: 1000 });
    const running = world.run(`${serialize} ${changer} --verify`);
    while ((tape?.files().length ?? 0) < 2 || tape?.items.at(-1)?.kind !== "filemark") await Bun.sleep(5);
    const item = tape.items[4];
    if (item?.kind === "block") item.bytes[100] = (item.bytes[100] ?? 0) ^ 1;
    const { code, stderr } = await running;
    expect(code).toBe(6);
    expect(stderr).toContain("what was read back is not what was written as volume 1");
  });
});

describe("docs/tape.md", () => {
  onTapes("its commands do what it says, from a blank cartridge to a verified restore", async (world) => {
    const { guest, low } = world;
    guest.drive.load();
    await pushPlaced(low.origin, standardImages());
    await Bun.write(
      guest.file("page.list"),
      "reg.example.com/library/tool:v1\nreg.example.com/library/multi:v2\n",
    );
    await ok(world, "mkdir page; ace-dt mirror gather page.list reg.example.com/gather:sync-1 -q");
    const page = await Bun.file(join(repositoryRoot, "docs/tape.md")).text();
    const blocks = blocksOf(page).filter(({ settings }) => settings.needs === "tape-guest");
    expect(blocks.length).toBeGreaterThan(5);
    for (const { text } of blocks) await ok(world, `cd page\n${text}`);
    expect(await world.highHas("scatter", "sync-1")).toBe(true);
  });
});
