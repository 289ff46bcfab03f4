/** Standard output is a pipe to a program that is slower than we are: its pace counts, and no wait of ours. */
import { expect } from "bun:test";
import { linux, testNeeding } from "../support/needs.ts";
import { binaryPath, prepareBinary, runCommandLine } from "../support/run-binary.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { tempDir } from "../support/temp-dir.ts";

const pipeBytes = 64 * 1024;
const pipefuls = 1024;

testNeeding([linux], "a pipe is filled again as soon as there is room in it", async () => {
  await using dir = await tempDir();
  await prepareBinary();
  const piece = seededBytes("pipes", pipeBytes);
  await Bun.write(dir.file("in"), Buffer.concat(Array.from({ length: pipefuls }, () => piece)));
  const script = '"$1" util mbuffer -i "$2" -o - | sha256sum';
  const piped = await runCommandLine(["sh", "-c", script, "sh", binaryPath(), dir.file("in")]);
  const direct = await runCommandLine(["sh", "-c", 'sha256sum < "$1"', "sh", dir.file("in")]);
  expect(piped.stdout).toBe(direct.stdout);
  // 5 ms of sleep for each pipeful were 5 s; without them it is half a second.
  expect(piped.ms).toBeLessThan(pipefuls * 3);
});
