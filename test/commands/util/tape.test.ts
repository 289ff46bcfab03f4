/** `util tape` from outside, as far as it goes without a drive; with one it is in test/tape-guest. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { linux, program, testNeeding } from "../../support/needs.ts";
import { binaryPath, runBinary, runCommandLine, runOk } from "../../support/run-binary.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const commands = ["status", "label-info", "rewind", "eod", "eject", "erase-check"] as const;

let dir: TempDir;
beforeAll(async () => {
  dir = await tempDir();
});
afterAll(() => dir[Symbol.asyncDispose]());

for (const command of commands) {
  describe(`util tape ${command}`, () => {
    test("without a drive's name, with two, and with an unknown form is wrong usage", async () => {
      for (const args of [[], ["/dev/null", "/dev/null"], ["/dev/null", "-o", "csv"]]) {
        const { code, stderr } = await runBinary(["util", "tape", command, ...args]);
        expect(code).toBe(2);
        expect(stderr).toStartWith("ace-dt: Cannot ");
      }
    });

    test("refuses what is no tape drive, and makes no file", async () => {
      const regular = dir.file(`${command}.txt`);
      await Bun.write(regular, "text");
      const rows: [path: string, said: string][] = [
        [regular, "it is a regular file"],
        [dir.path, "it is a directory"],
        ["/dev/null", "it is not a tape drive"],
        [dir.file("none"), "there is no such file"],
      ];
      for (const [path, said] of rows) {
        const { code, stdout, stderr } = await runBinary(["util", "tape", command, path, "-o", "json"]);
        expect({ code, stdout }).toEqual({ code: 7, stdout: "" });
        expect(stderr).toContain(`${path}: ${said}`);
        expect(stderr).toContain("/dev/nst");
      }
      expect(await Bun.file(dir.file("none")).exists()).toBe(false);
      expect(await Bun.file(regular).text()).toBe("text");
    });

    test("--help shows an example, and says when the tape is rewound", async () => {
      const { stdout } = await runOk(["util", "tape", command, "--help"]);
      expect(stdout).toContain(`$ ace-dt util tape ${command} /dev/nst0`);
      if (["label-info", "erase-check"].includes(command)) expect(stdout).toContain("Rewinds the tape.");
    });
  });
}

testNeeding([linux, program("script")], "a terminal is no tape drive", async () => {
  await runOk(["version"]);
  const { stdout } = await runCommandLine([
    "script",
    "-qec",
    `${binaryPath()} util tape status $(tty); echo ended with $?`,
    "/dev/null",
  ]);
  expect(stdout).toContain("it is not a tape drive");
  expect(stdout).toContain("ended with 7");
});
