/** Reads what the pages' tests need out of Markdown: fenced blocks and links. */

/** A fenced block. */
export interface Block {
  language: string;
  /** Words after the language, `key=value`. */
  settings: Readonly<Record<string, string>>;
  text: string;
  /** Line of the opening fence, from 1. */
  line: number;
}

/** Every fenced block, those in lists included (their indent is taken off). */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { block: Block; fence: string; indent: number; lines: string[] } | undefined;
  for (const [at, line] of markdown.split("\n").entries()) {
    const [, indent = "", fence, info = ""] = /^(\s*)(`{3,}|~{3,})\s*(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence === undefined) continue;
      const [language = "", ...words] = info.trim().split(/\s+/);
      const settings = Object.fromEntries(words.map((word) => word.split("=", 2)));
      open = {
        block: { language, settings, text: "", line: at + 1 },
        fence,
        indent: indent.length,
        lines: [],
      };
    } else if (fence === open.fence && info === "") {
      blocks.push({ ...open.block, text: `${open.lines.join("\n")}\n` });
      open = undefined;
    } else {
      open.lines.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
    }
  }
  if (open !== undefined) throw new Error(`the block in line ${open.block.line} never ends`);
  return blocks;
}

/** Targets of links and images outside of fenced blocks, without those that leave the repository. */
export function localLinksOf(markdown: string): string[] {
  const prose = markdown.replace(/^(\s*)(`{3,}|~{3,})[\s\S]*?^\s*\2\s*$/gm, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)]
    .map((found) => found[1] ?? "")
    .filter((target) => !/^([a-z]+:|#)/.test(target));
}
