/** `util tape` on the kernel's own tape driver. */
import { afterAll, expect } from "bun:test";
import { formatCatalogue, segmentBytes } from "../../src/tape/catalogue/catalogue.ts";
import { testNeeding } from "../support/needs.ts";
import { Cartridge } from "../support/tape-vm/cartridge.ts";
import { startTapeGuest, type TapeGuest, tapeGuest } from "../support/tape-vm/guest.ts";
import { senses } from "../support/tape-vm/sense.ts";

let started: Promise<TapeGuest> | undefined;

afterAll(async () => {
  await (await started)?.[Symbol.asyncDispose]();
}, 30_000);

function inGuest(name: string, body: (guest: TapeGuest) => Promise<void>): void {
  const run = async () => {
    started ??= startTapeGuest();
    await body(await started);
  };
  testNeeding([tapeGuest], name, run, 180_000);
}

const volume = { set: "3f9a1c07d2b84e65", name: "sync-45", volume: 1, last: true, offset: 0, bytes: 196_608 };

/** Three blocks of an archive, and their catalogue; then somebody else's file. */
function recorded(): Cartridge {
  const tape = new Cartridge();
  const put = (text: string, bytes: number) =>
    tape.put(tape.items.length, { kind: "block", bytes: Buffer.from(text.padEnd(bytes, "\n"), "latin1") });
  const end = () => tape.put(tape.items.length, { kind: "filemark" });
  for (let block = 0; block < 3; block++) put(`oci-layout${"\0".repeat(247)}ustar`, 65_536);
  end();
  const label = { ...volume, blockBytes: 65_536, segmentBytes, file: 0, block: 0 };
  put([...formatCatalogue({ label, segments: ["0".repeat(64)] })].join(""), 65_536);
  end();
  put("\x1f\x8b\x08", 10_240);
  end();
  return tape;
}

/** Runs `ace-dt util tape ARGS` for each, and gives what each printed and its exit code. */
async function runAll(guest: TapeGuest, ...lines: string[]): Promise<{ stdout: string; code: number }[]> {
  const script = lines.map((line) => `ace-dt util tape ${line} 2>&1; printf '\\n=%d\\n' $?`).join("\n");
  const { stdout } = await guest.run(script);
  return [...stdout.matchAll(/([\s\S]*?)\n=(\d+)\n/g)].map(([, text = "", code]) => ({
    stdout: text.trim(),
    code: Number(code),
  }));
}

inGuest("a recorded tape: how it is, what is on it, to its ends, and out", async (guest) => {
  const { drive } = guest;
  drive.load(recorded(), { cleaningAsked: true });
  const runs = await runAll(
    guest,
    "status /dev/nst0 -o json",
    "label-info /dev/nst0 -o json",
    "eod /dev/nst0 -o json",
    "status /dev/nst0",
    "erase-check /dev/nst0",
    "rewind /dev/nst0",
    "eject /dev/nst0 -o json",
    "status /dev/nst0 -o json",
    "eod /dev/st0",
  );
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 7, 0, 0, 0, 7]);
  const [status, files, eod, text, erase, rewind, eject, empty, rewinding] = runs.map(({ stdout }) => stdout);
  expect(JSON.parse(status ?? "")).toMatchObject({
    state: "online",
    file: 0,
    block: 0,
    driveBlock: 0,
    beginning: true,
    writeProtected: false,
    blockMode: "variable",
    density: { code: 0x5a, name: "LTO-6", nativeBytes: 2.5e12 },
    capacity: { maximumBytes: 256 * 1024 * 1024 },
    compression: true,
    maxBlockBytes: 8 * 1024 * 1024,
    cleaningAsked: true,
    alerts: [{ number: 20, name: "clean now" }],
  });
  expect(JSON.parse(files ?? "")).toMatchObject([
    { file: 0, block: 0, blockBytes: 65_536, kind: "volume", ended: true, ...volume },
    { file: 1, block: 4, blockBytes: 65_536, kind: "catalogue", volume: 1 },
    { file: 2, block: 6, blockBytes: 10_240, kind: "data", is: "gzip data", set: null },
  ]);
  expect(JSON.parse(eod ?? "")).toMatchObject({ file: 3, driveBlock: 8, endOfData: true });
  expect(text).toMatch(/^position +file 3.*block 8 of the tape.*end of the data/m);
  expect(erase).toContain("file 0 at block 0: volume 1 of set 3f9a1c07d2b84e65 (sync-45)");
  expect(erase).toContain("file 2 at block 6: gzip data");
  expect(rewind).toBe("");
  expect(JSON.parse(eject ?? "")).toEqual({ device: "/dev/nst0", state: "empty" });
  expect(JSON.parse(empty ?? "")).toMatchObject({ state: "empty", maxBlockBytes: 8 * 1024 * 1024 });
  expect(empty).not.toContain("density");
  expect(rewinding).toContain("it rewinds when it is closed");
  expect(drive.commands.write).toBeUndefined();
});

inGuest("a blank tape is blank, and one whose beginning cannot be read is not", async (guest) => {
  const { drive } = guest;
  drive.load(new Cartridge(), { writeProtected: true });
  expect(await runAll(guest, "erase-check /dev/nst0")).toEqual([
    { stdout: "blank, and write-protected", code: 0 },
  ]);
  drive.load(recorded());
  drive.fail({ on: "read", position: 0, sense: senses.mediumError });
  const [damaged] = await runAll(guest, "erase-check /dev/nst0");
  expect(damaged?.code).toBe(7);
  expect(damaged?.stdout).toMatch(/^file 0 at block 0: volume 1 .*the drive cannot read its beginning$/m);
  expect(damaged?.stdout).toContain("file 2 at block 6: gzip data");
});

inGuest("while a tape is wound it is said what is waited for, and a signal ends the run", async (guest) => {
  const { drive } = guest;
  const open = recorded();
  open.cut(5);
  drive.load(open);
  drive.fail({ on: "rewind", delayMs: 4000 });
  const [table] = await runAll(guest, "label-info /dev/nst0");
  expect(table?.stdout).toContain("Waiting for /dev/nst0 to go through its files");
  expect(table?.stdout).toMatch(/1 +4 +65536 +the catalogue of volume 1 .*; no filemark behind it/);
  drive.fail({ on: "rewind", delayMs: 6000 });
  const stopped = await guest.run(
    "ace-dt util tape rewind /dev/nst0 & p=$!; sleep 3; kill -TERM $p; wait $p",
  );
  expect(stopped.stderr).toContain("Cannot finish: stopped by SIGTERM");
  expect(stopped.code).toBe(143);
});
