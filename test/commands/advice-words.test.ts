/** What errors advise, in every command: no hint names a flag that the command does not have. */
import { describe, expect, test } from "bun:test";
import { adviceWords } from "../../src/commands/advice-words.ts";
import { COMMANDS } from "../../src/commands.ts";
import type { Advice } from "../../src/errors.ts";

/** One of each kind. */
const samples: { [Kind in Advice["kind"]]: Extract<Advice, { kind: Kind }> } = {
  "keep-or-replace": { kind: "keep-or-replace", written: "file" },
  replace: { kind: "replace", written: "volumes" },
  "go-on": { kind: "go-on", where: "tapes", token: "2:1:abc" },
  "new-file": { kind: "new-file", checkpoint: "cp.txt", goodBytes: 512 },
  "second-part": { kind: "second-part" },
  "other-images": { kind: "other-images" },
  "checkpoint-of-first-run": { kind: "checkpoint-of-first-run" },
  "flags-of-first-run": { kind: "flags-of-first-run" },
  "block-size-of-first-run": { kind: "block-size-of-first-run" },
  "later-volume": { kind: "later-volume", name: "/dev/nst0" },
  "smaller-blocks": { kind: "smaller-blocks", bytes: 512 },
  "block-size-as-written": { kind: "block-size-as-written" },
  "smaller-buffer": { kind: "smaller-buffer" },
  "larger-chunks": { kind: "larger-chunks" },
  "volumes-wanted": { kind: "volumes-wanted" },
  "smaller-volumes": { kind: "smaller-volumes" },
  "elsewhere-on-tape": { kind: "elsewhere-on-tape", name: "/dev/nst0" },
  "behind-or-over": { kind: "behind-or-over" },
  "overwrite-checkpoint": { kind: "overwrite-checkpoint" },
  "tracker-elsewhere": { kind: "tracker-elsewhere" },
  "sync-elsewhere": { kind: "sync-elsewhere" },
  "registry-directory": { kind: "registry-directory" },
  "any-order": { kind: "any-order" },
  "keep-platforms-together": { kind: "keep-platforms-together" },
  "rebuild-index": { kind: "rebuild-index" },
  "list-destinations": { kind: "list-destinations", unsaid: 3 },
  "mend-mapper": { kind: "mend-mapper" },
};

function flagsOf(id: string): Set<string> {
  const command = COMMANDS[id];
  return new Set(Object.keys({ ...command?.baseFlags, ...command?.flags }));
}

/** Flags in a text, without those of a whole command line of ours. */
function flagsIn(text: string): string[] {
  const own = text.replace(/"ace-dt [^"]*"|ace-dt( [a-z]+)+ [^;).]*/g, "");
  return [...own.matchAll(/--([a-z][a-z-]*)/g)].map(([, name = ""]) => name);
}

describe.each(Object.keys(COMMANDS))("a hint of %s", (id) => {
  const flags = flagsOf(id);
  test.each(Object.values(samples))("names only flags that it has: $kind", (advice) => {
    const text = adviceWords(advice, { id, argv: [], flags }) ?? "";
    expect(flagsIn(text).filter((flag) => !flags.has(flag))).toEqual([]);
  });
});

test("every advice has a command that says it, in words of its own", () => {
  for (const advice of Object.values(samples)) {
    const texts = Object.keys(COMMANDS).map((id) =>
      adviceWords(advice, { id, argv: [], flags: flagsOf(id) }),
    );
    expect({ advice, texts }).toEqual({
      advice,
      texts: expect.arrayContaining([expect.stringMatching(/./)]),
    });
  }
});

test("a command without --resume is not told to give it", () => {
  const said = (id: string) => adviceWords(samples["keep-or-replace"], { id, argv: [], flags: flagsOf(id) });
  expect(said("mirror:serialize")).toBe(
    "Name a new file, give --resume to go on in this one, or --force to replace it.",
  );
  expect(said("util:mbuffer")).toBe("Name a new file, or give --force to replace it.");
});
