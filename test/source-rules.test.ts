/** What no file of src may hold, found by reading all of it. */
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../scripts/build-binary.ts";
import { COMMANDS } from "../src/commands.ts";

const names = (await readdir(join(repositoryRoot, "src"), { recursive: true })).filter((name) =>
  name.endsWith(".ts"),
);
const texts = new Map(
  await Promise.all(
    names.sort().map(async (name) => {
      const text = await Bun.file(join(repositoryRoot, "src", name)).text();
      return [`src/${name}`, text] as const;
    }),
  ),
);

/** Flags that stand in string literals of a text, but for those of a whole command line, `ace-dt util prune --size 0`. */
function flagsNamed(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|(?<=\s)\/\/ .*$/gm, "");
  const literals = code.match(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];
  return literals.flatMap((literal) => {
    const own = literal.replace(/\bace-dt(?: [a-z]+)*((?: --[a-z][a-z-]*[^\s;,.:)]*)+)/g, "");
    return own.match(/(?<![\w-])--[a-z][a-z-]+/g) ?? [];
  });
}

/** Whole command lines of ours that a text names. */
function commandsNamed(text: string): { id: string; flags: string[] }[] {
  const found = text.matchAll(/\bace-dt((?: [a-z][a-z-]*)+)((?: --[a-z][a-z-]*)+)/g);
  return [...found].map(([, words = "", flags = ""]) => ({
    id: words.trim().split(" ").join(":"),
    flags: flags.trim().replaceAll("--", "").split(" "),
  }));
}

const isCommand = (path: string) => path === "src/commands.ts" || path.startsWith("src/commands/");

describe("a room below the commands names no flag of a command", () => {
  test("in src", () => {
    // A page about the configuration file, which `ace-dt config` prints.
    const pages = ["src/config/sample.ts"];
    const found = [...texts]
      .filter(([path]) => !isCommand(path) && !pages.includes(path))
      .flatMap(([path, text]) => flagsNamed(text).map((flag) => `${path}: ${flag}`));
    expect(found).toEqual([]);
  });

  test.each([
    ['throw f("Give --resume to go on.");', ["--resume"]],
    [`throw f(\`Give --block-size \${n}\`);`, ["--block-size"]],
    ["// Give --resume\n/** --force */", []],
    ["f('\"ace-dt util prune --size 0\" makes room')", []],
    ["const a = b --c;", []],
  ])("the check itself finds them: %s", (text, flags) => {
    expect(flagsNamed(text)).toEqual(flags);
  });
});

test("a whole command line that src names is one that the program takes", () => {
  const lines = [...texts].flatMap(([path, text]) => commandsNamed(text).map((line) => ({ path, ...line })));
  expect(lines.length).toBeGreaterThan(1);
  for (const { path, id, flags } of lines) {
    const command = COMMANDS[id];
    const known = ["help", ...Object.keys({ ...command?.baseFlags, ...command?.flags })];
    expect({ path, id, known }).toEqual({ path, id, known: expect.arrayContaining(flags) });
  }
});
