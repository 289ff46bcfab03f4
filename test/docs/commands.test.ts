/**
 * What the pages tell a reader to type works. Each page is a story: its `sh` blocks run from top to bottom in one directory, against a
 * low side (reg.example.com) with images and an empty high side (reg.high.example.com). After `sh` a block may say `exit=6` for the code it
 * must end with, and `needs=skopeo,strace` for programs without which it is left out. What cannot run is a `text` block.
 */
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { repositoryRoot } from "../../scripts/build-binary.ts";
import { program, testNeeding } from "../support/needs.ts";
import { type Block, blocksOf, localLinksOf } from "./markdown.ts";
import { openPageWorld } from "./world.ts";

const knownLanguages = ["sh", "text", "yaml", "json", "csv", "ts", "go", "ini", "mermaid"];
const pages = await readPages();

async function readPages(): Promise<{ name: string; text: string }[]> {
  const docs = await readdir(join(repositoryRoot, "docs"), { recursive: true });
  const names = ["README.md", ...docs.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)];
  return await Promise.all(
    names.sort().map(async (name) => ({ name, text: await Bun.file(join(repositoryRoot, name)).text() })),
  );
}

for (const { name, text } of pages) {
  const blocks = blocksOf(text);

  test(`${name}: every block says what it is`, () => {
    const odd = blocks.filter((block) => !knownLanguages.includes(block.language));
    expect(odd.map((block) => `line ${block.line}: ${JSON.stringify(block.language)}`)).toEqual([]);
  });

  test(`${name}: every link leads to a file`, async () => {
    const links = localLinksOf(text).map((link) =>
      join(repositoryRoot, dirname(name), link.replace(/#.*/, "")),
    );
    const there = await Promise.all(
      links.map((link) =>
        Bun.file(link)
          .stat()
          .then(
            () => true,
            () => false,
          ),
      ),
    );
    expect(links.filter((_, at) => !there[at]).map((link) => relative(repositoryRoot, link))).toEqual([]);
  });

  // What wants a tape is run in a guest that has a drive, by test/tape-guest.
  const commands = blocks.filter(
    ({ language, settings }) => language === "sh" && settings.needs !== "tape-guest",
  );
  if (commands.length === 0) continue;
  const needsOf = (block: Block) => (block.settings.needs?.split(",") ?? []).map(program);
  const lacks = (block: Block) => needsOf(block).some(({ absent }) => absent !== undefined);
  // What a block leaves behind is used by those below it: it is left out of its page, and counted as skipped.
  for (const block of commands.filter(lacks))
    testNeeding(needsOf(block), `${name}, line ${block.line}: the command works`, () => undefined);
  test(`${name}: its commands do what it says`, async () => {
    await using world = await openPageWorld();
    for (const { line, settings, text: script } of commands.filter((block) => !lacks(block))) {
      const { code, stdout, stderr } = await world.shell(script);
      if (code !== Number(settings.exit ?? 0)) {
        throw new Error(`${name}, line ${line}, ended with ${code}:\n${script}\n${stdout}\n${stderr}`);
      }
    }
  }, 180_000);
}

test("every page can be reached from README.md", () => {
  const texts = new Map(pages.map(({ name, text }) => [name, text]));
  const reached = new Set<string>();
  const visit = (name: string): void => {
    if (reached.has(name) || !texts.has(name)) return;
    reached.add(name);
    for (const link of localLinksOf(texts.get(name) ?? ""))
      visit(join(dirname(name), link.replace(/#.*/, "")));
  };
  visit("README.md");
  expect(pages.map(({ name }) => name).filter((name) => !reached.has(name))).toEqual([]);
});

test("blocks and links are read as Markdown means them", () => {
  const text =
    "a [b](c.md#d)\n\n1. x\n   ```sh exit=6 needs=tar\n   false\n     two\n   ```\n`[no](no.md)` [web](https://x.example)\n";
  expect(blocksOf(text)).toEqual([
    { language: "sh", settings: { exit: "6", needs: "tar" }, text: "false\n  two\n", line: 4 },
  ]);
  expect(localLinksOf(text)).toEqual(["c.md#d"]);
  expect(() => blocksOf("```sh\nx\n")).toThrow("never ends");
});
