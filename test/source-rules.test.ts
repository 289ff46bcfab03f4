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

/** A text without its comments. */
const codeOf = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|(?<=\s)\/\/ .*$/gm, "");

/** Names of functions, classes and values that a text exports. */
function exportsOf(text: string): string[] {
  const pattern = /^export (?:async )?(?:abstract )?(?:const|let|function\*?|class) (\w+)/gm;
  return [...codeOf(text).matchAll(pattern)].map(([, name = ""]) => name);
}

const workers = join(repositoryRoot, "workers");
/** The modules that threads begin with. */
const doorsOfThreads = await Promise.all(
  (await readdir(workers)).map(async (name) => [name, await Bun.file(join(workers, name)).text()] as const),
);
const code = new Map([...texts].map(([path, text]) => [path, codeOf(text)]));

describe("what a file exports", () => {
  test("is used in the program, beside its tests", () => {
    const doors = ["src/commands.ts", "src/main.ts"];
    const unused = [...texts].flatMap(([path, text]) =>
      exportsOf(text).flatMap((name) => {
        const word = new RegExp(`\\b${name}\\b`, "g");
        const own = code.get(path)?.match(word)?.length ?? 0;
        const file = path.slice(path.lastIndexOf("/") + 1);
        const isUsed =
          own > 1 ||
          [...code, ...doorsOfThreads].some(
            ([other, text]) => other !== path && text.includes(`/${file}"`) && text.match(word) !== null,
          );
        return isUsed || doors.includes(path) ? [] : [`${path}: ${name}`];
      }),
    );
    expect(unused).toEqual([]);
  });

  /** Names that two files of src may export: each pair is far apart, and nothing imports both. */
  const alike: Readonly<Record<string, string>> = {
    list: "a verb of the program, and a list of the template language",
    putManifest: "the client's request, and the server's answer to it",
    serializationVersion: "an annotation's key, and the version that is written under it",
  };

  test("has a name of its own", () => {
    const files = new Map<string, string[]>();
    for (const [path, text] of texts)
      for (const name of exportsOf(text)) files.set(name, [...(files.get(name) ?? []), path]);
    const twice = [...files].filter(([name, paths]) => paths.length > 1 && !(name in alike));
    expect(Object.fromEntries(twice)).toEqual({});
  });
});

/** Papers that a text cites and a reader of the repository cannot find; pages of docs are looked for. */
async function missingPapers(text: string): Promise<string[]> {
  const words =
    text.match(
      /\bcompat(?:\.md)? section \d+|\bdesign (?:[A-Z]\d|section|paper)|\b(?:design|findings)\/\S+/g,
    ) ?? [];
  const pages = text.match(/\bdocs\/[\w/-]+\.md\b/g) ?? [];
  const absent = await Promise.all(
    pages.map(async (page) => ((await Bun.file(join(repositoryRoot, page)).exists()) ? [] : [page])),
  );
  return [...words, ...absent.flat()];
}

describe("what a comment or a page cites is public or in the repository", () => {
  test.each(["src", "test", "scripts", "workers", "docs"])("in %s", async (directory) => {
    const own = "source-rules.test.ts";
    const found: string[] = [];
    for (const name of await readdir(join(repositoryRoot, directory), { recursive: true })) {
      if (!/\.(ts|md)$/.test(name) || name === own) continue;
      const text = await Bun.file(join(repositoryRoot, directory, name)).text();
      found.push(...(await missingPapers(text)).map((paper) => `${directory}/${name}: ${paper}`));
    }
    expect(found).toEqual([]);
  });

  test("the check itself finds them", async () => {
    const text =
      "(compat section 4), design X2, design/tape.md, findings/code.md, docs/none.md, docs/tape.md";
    expect(await missingPapers(text)).toEqual([
      "compat section 4",
      "design X2",
      "design/tape.md,",
      "findings/code.md,",
      "docs/none.md",
    ]);
  });
});

test("no file is longer than 300 lines", () => {
  const long = [...texts].filter(([, text]) => text.trimEnd().split("\n").length > 300);
  expect(long.map(([path]) => path)).toEqual([]);
});
