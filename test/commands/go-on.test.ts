/** The command line that an operator is given after a run that stopped. */
import { expect, test } from "bun:test";
import { goOnCommand } from "../../src/commands/go-on.ts";

test("it is the first one, without what only that needed, and with what is added", () => {
  const argv = [
    ...["--block-size=1Mi", "--position=append", "--force", "--checkpoint=cp 1.txt", "--resume"],
    ...["--", "reg.example.com/gather:sync-1", "/dev/nst0"],
  ];
  expect(goOnCommand("mirror:serialize", argv, ["--resume", "--resume-volume", "2:1:abc"])).toBe(
    "ace-dt mirror serialize reg.example.com/gather:sync-1 /dev/nst0 --block-size=1Mi '--checkpoint=cp 1.txt' --resume --resume-volume 2:1:abc",
  );
});

test("a shell reads back what it says", () => {
  const argv = ["--volume-change=mtx -f \"$CHANGER\" next; echo 'it'\\''s'", "--", "a;b"];
  const line = goOnCommand("x", argv, []);
  const { stdout } = Bun.spawnSync(["sh", "-c", `printf '%s\\n' ${line}`]);
  expect(stdout.toString().trimEnd().split("\n")).toEqual(["ace-dt", "x", "a;b", argv[0] ?? ""]);
});
