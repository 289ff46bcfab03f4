import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openUi, uiIntervals } from "../../src/ui/open-ui.ts";

const script = new URL("scripted-run.ts", import.meta.url).pathname;
const summary = "pretend: 1 image, 2 blobs, 5.00 MB moved, 1.0 s, 5.0 MB/s\na note\n";
let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "ui-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Runs a command on a pseudo terminal of 24 rows, and prints what the terminal got. */
const onTerminal = `
import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

async function terminalRun(columns: number, ...args: string[]): Promise<{ raw: string; code: number }> {
  const child = Bun.spawn(
    ["python3", "-c", onTerminal, String(columns), process.execPath, "run", script, ...args],
    { env: { ...process.env, TERM: "xterm" } },
  );
  return { raw: await new Response(child.stdout).text(), code: await child.exited };
}

async function plainRun(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const child = Bun.spawn([process.execPath, "run", script, ...args], { stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = [await new Response(child.stdout).text(), await new Response(child.stderr).text()];
  await child.exited;
  return { stdout, stderr };
}

/** What is left on the screen, given that nothing but CR, LF and "erase to the end of the line" is used. */
function screenOf(raw: string): string {
  const rows = [""];
  let column = 0;
  for (const piece of raw.match(/\r|\n|\x1b\[K|[^\r\n\x1b]+|\x1b/g) ?? []) {
    const row = rows.at(-1)!;
    if (piece === "\x1b") throw new Error("an escape sequence that this screen does not know");
    if (piece === "\r") column = 0;
    else if (piece === "\n") rows.push("");
    else if (piece === "\x1b[K") rows[rows.length - 1] = row.slice(0, column);
    else {
      rows[rows.length - 1] = row.slice(0, column).padEnd(column) + piece + row.slice(column + piece.length);
      column += piece.length;
    }
  }
  return rows.join("\n");
}

describe.concurrent("on a terminal", () => {
  test("one line is drawn over and over and is gone at the end", async () => {
    const { raw } = await terminalRun(80, "short");
    expect(screenOf(raw)).toBe(`warn: something odd (host=reg)\na result\n${summary}`);
    const drawings = raw.match(/\r\x1b\[Kcopying blobs[^\r\n]*/g) ?? [];
    // 1.2 s at five a second, with much patience for a busy machine.
    expect(drawings.length).toBeGreaterThan(3);
    expect(drawings.length).toBeLessThan(10);
    expect(drawings.at(-1)).toMatch(/ \/ 100 MB \d+% \| .*MB\/s \| .* left \| window 50%/);
  });

  test("the line never fills the terminal's width", async () => {
    const { raw } = await terminalRun(30, "short");
    const widths = (raw.match(/\r\x1b\[K(copying blobs[^\r\n\x1b]*)/g) ?? []).map(
      (text) => text.length - "\r\x1b[K".length,
    );
    expect(new Set(widths)).toEqual(new Set([29]));
  });

  test.each([
    ["signal", 143],
    ["exit", 3],
    ["idle", 0],
  ])("it is left clean by a run that ends by %s", async (name, code) => {
    const run = await terminalRun(80, name);
    expect(run.code).toBe(code);
    expect(screenOf(run.raw)).toBe("warn: something odd (host=reg)\na result\n");
  });

  test("--no-term writes plain lines and no escape sequence", async () => {
    const { raw } = await terminalRun(80, "long", "--no-term");
    expect(raw).not.toContain("\x1b");
    expect(raw.match(/copying blobs/g)?.length).toBe(1);
    expect(raw.replaceAll("\r\n", "\n")).toEndWith(summary);
  });

  test("-q writes nothing", async () => {
    expect((await terminalRun(80, "short", "-q")).raw).toBe("");
  });
});

describe.concurrent("not on a terminal", () => {
  test("a plain line comes after two seconds, and the closing line", async () => {
    const { stdout, stderr } = await plainRun("long");
    expect(stdout).toBe("a result\n");
    const [progress, ...rest] = stderr.split("\n");
    expect(progress).toMatch(
      /^copying blobs \| 2\d\.\d MB \/ 100 MB 2\d% \| .*MB\/s \| .* left \| window 50% \| 3 in flight$/,
    );
    expect(rest.join("\n")).toBe(`warn: something odd (host=reg)\n${summary}`);
  });

  test("a short run has no progress line, and -q nothing at all", async () => {
    expect((await plainRun("short")).stderr).toBe(`warn: something odd (host=reg)\n${summary}`);
    expect(await plainRun("short", "-q")).toEqual({ stdout: "", stderr: "" });
  });

  test("plain lines keep to their interval", () => {
    expect(uiIntervals).toEqual({ redrawMs: 200, firstLineMs: 2000, lineMs: 5000, debugMs: 1000 });
  });

  test("a run goes on when nobody reads its stderr any more", async () => {
    const child = Bun.spawn([
      "bash",
      "-c",
      `{ ${process.execPath} run ${script} long 2> >(exec true); echo "code $?"; }`,
    ]);
    expect(await new Response(child.stdout).text()).toBe("a result\ncode 0\n");
  });
});

test("--debug writes every event as a JSON line, and -q does not silence it", async () => {
  const path = join(dir, "debug.jsonl");
  await plainRun("short", "-q", `--debug=${path}`);
  const events = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events.map((event) => event.event)).toEqual([
    "status",
    "log",
    "log",
    "print",
    "status",
    "status",
    "finish",
  ]);
  expect(events[0]).toMatchObject({ phase: "copying blobs", bytesTotal: 100_000_000, windowFill: 0.5 });
  expect(events[1]).toMatchObject({ level: "warn", text: "something odd", fields: { host: "reg" } });
  expect(events[2]).toMatchObject({ level: "info", text: "too fine" });
  expect(events.at(-1)).toMatchObject({ summary: { verb: "pretend", images: 1 } });
  for (const event of events) expect(Date.parse(event.time)).toBeGreaterThan(0);
});

test("a debug file that cannot be written is an error at the start", () => {
  const path = join(dir, "none", "debug.jsonl");
  expect(() => openUi({ quiet: true, noTerm: true, verbosity: 4, debugFile: path })).toThrow(
    `Cannot write debug file ${JSON.stringify(path)}: its directory does not exist`,
  );
});
