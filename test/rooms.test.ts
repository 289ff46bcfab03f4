/** Imports point down only: reads every import and names each that goes up or sideways, and each circle. */
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { dirname, join, normalize, relative } from "node:path";
import { repositoryRoot } from "../scripts/build-binary.ts";

/** From top to bottom. A room imports from itself and from lower lines; rooms of one line do not know each other. */
const lines = [
  ["main"],
  ["commands.ts"],
  ["commands"],
  ["mirror"],
  ["batch", "copy"],
  ["archive"],
  ["gather"],
  ["run"],
  ["pool", "server"],
  ["config"],
  ["registry", "layout"],
  ["format", "mapping", "lists", "ui", "content"],
  ["collections", "template", "tape"],
  ["oci", "async", "system", "csv"],
  ["errors"],
] as const;

/** Rooms that may see less than everything below them. */
const narrow: Readonly<Record<string, readonly string[]>> = {
  tape: ["system", "errors"],
  template: ["errors"],
  content: ["collections", "async", "oci", "errors"],
  collections: ["oci"],
  async: [],
  workers: ["pool", "tape"],
  scripts: ["scripts", "src", "test/support"],
};

/** Directories of a room, from top to bottom: each stands on those behind it. Every room with directories is here. */
const inner: Readonly<Record<string, readonly string[]>> = {
  archive: ["write", "resume", "check", "read", "media", "volumes", "plan"],
  commands: ["util", "mirror"],
  mapping: ["eta"],
  pool: ["media", "frames", "blobs", "host"],
  registry: ["auth", "http"],
  tape: ["volumes", "window", "medium", "drive", "catalogue"],
  template: ["functions", "run", "syntax", "print", "values", "go"],
};

interface Import {
  /** Path from the repository's root. */
  from: string;
  specifier: string;
}

const lineOf = new Map<string, number>(lines.flatMap((rooms, at) => rooms.map((room) => [room, at])));

/** Every specifier in the text: import, export from, import(), for types as well as for values. Comments do not count. */
function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const patterns = [
    /^\s*(?:import|export)\b(?:[^"'`;]*?\bfrom)?\s*["']([^"']+)["']/gm,
    /\b(?:import|require|require\.resolve)\(\s*["']([^"']+)["']\s*\)/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((found) => found[1] ?? ""));
}

/** The room of a file: a directory of src, one of src's single files, `workers`, `scripts`, `test/support`. */
function roomOf(path: string): string {
  const [top = "", second = "", third] = path.split("/");
  if (top === "src")
    return third === undefined ? (second === "commands.ts" ? second : second.replace(/\.ts$/, "")) : second;
  return top === "test" ? `test/${second}` : top;
}

/** What a verb is made of lies in the rooms below, so that verbs need not know each other. */
const isVerb = (path: string) => /^src\/mirror\/[^/]+\.ts$/.test(path);

/** What is wrong with an import; undefined when nothing is. */
function faultOf({ from, specifier }: Import): string | undefined {
  const says = (why: string) => `${from} imports ${specifier}: ${why}`;
  if (specifier === "undici") return says('Bun has an imitation under this name; write "undici/index.js"');
  if (!specifier.startsWith(".")) return undefined;
  const target = normalize(join(from, "..", specifier));
  if (!/\.(ts|json)$/.test(target)) return says("the extension is missing");
  if (target === "package.json") return undefined;
  const [fromRoom, toRoom] = [roomOf(from), roomOf(target)];
  const allowed = narrow[fromRoom];
  if (fromRoom === toRoom) {
    if (isVerb(from) && isVerb(target)) return says("a verb imports no verb");
    const [at = -1, to = -1] = [from, target].map((path) =>
      inner[fromRoom]?.indexOf(path.split("/")[2] ?? ""),
    );
    return to >= 0 && to < at ? says("upward in its room") : undefined;
  }
  if (fromRoom === "scripts") {
    return allowed?.some((room) => target.startsWith(`${room}/`))
      ? undefined
      : says("scripts may not see it");
  }
  if (allowed !== undefined) {
    return allowed.includes(toRoom)
      ? undefined
      : says(`${fromRoom} may import ${allowed.join(" and ")} only`);
  }
  if (!target.startsWith("src/")) return says("the program is in src, and imports nothing outside of it");
  const [fromLine, toLine] = [lineOf.get(fromRoom), lineOf.get(toRoom)];
  if (fromLine === undefined)
    return says(`${fromRoom} is no room we know; give it a line in test/rooms.test.ts`);
  if (toLine === undefined) return says(`${toRoom} is no room we know; give it a line in test/rooms.test.ts`);
  if (toLine < fromLine) return says("upward");
  return toLine === fromLine ? says("sideways") : undefined;
}

/** The first circle among files, as `a -> b -> a`; undefined when there is none. */
function circleAmong(imports: readonly Import[]): string | undefined {
  const next = new Map<string, string[]>();
  for (const { from, specifier } of imports) {
    if (!specifier.startsWith(".")) continue;
    next.set(from, [...(next.get(from) ?? []), normalize(join(from, "..", specifier))]);
  }
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path].join(" -> ");
    if (done.has(path)) return undefined;
    for (const target of next.get(path) ?? []) {
      const circle = visit(target, [...trail, path]);
      if (circle !== undefined) return circle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of next.keys()) {
    const circle = visit(path, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** Where a file is: the directory of a room that has directories, the room of one that has none; a file beside directories is itself. */
function placeOf(path: string): string {
  const room = path.split("/")[1] ?? "";
  const isBeside = dirname(path) === "src" || (room in inner && dirname(path) === `src/${room}`);
  return isBeside ? path : dirname(path);
}

/** The same imports with {@link placeOf} in the place of files. Those within one directory are left out. */
function betweenPlaces(imports: readonly Import[]): Import[] {
  return imports.flatMap(({ from, specifier }) => {
    if (!specifier.startsWith(".")) return [];
    const [source, target] = [from, normalize(join(from, "..", specifier))].map(placeOf);
    if (source === undefined || target === undefined || source === target) return [];
    return [{ from: source, specifier: `./${relative(dirname(source), target)}` }];
  });
}

async function readImports(): Promise<Import[]> {
  const imports: Import[] = [];
  for (const directory of ["src", "workers", "scripts"]) {
    const names = await readdir(join(repositoryRoot, directory), { recursive: true });
    for (const name of names.filter((each) => each.endsWith(".ts")).sort()) {
      const from = `${directory}/${name}`;
      const text = await Bun.file(join(repositoryRoot, from)).text();
      imports.push(...importsOf(text).map((specifier) => ({ from, specifier })));
    }
  }
  return imports;
}

test("every import in src, workers and scripts points down", async () => {
  const imports = await readImports();
  expect(imports.length).toBeGreaterThan(20);
  expect(imports.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
});

test("no file imports itself, round whatever corners", async () => {
  expect(circleAmong(await readImports())).toBeUndefined();
});

test("no directory imports itself, round whatever corners", async () => {
  expect(circleAmong(betweenPlaces(await readImports()))).toBeUndefined();
});

test("every room with directories has an order for them", async () => {
  const names = await readdir(join(repositoryRoot, "src"), { recursive: true });
  const directories = new Set(names.flatMap((name) => /^[^/]+\/[^/]+(?=\/.*\.ts$)/.exec(name) ?? []));
  const known = Object.entries(inner).flatMap(([room, order]) => order.map((each) => `${room}/${each}`));
  expect([...directories].sort()).toEqual(known.sort());
});

describe("the check itself finds", () => {
  const planted: [why: string, from: string, specifier: string, said: string][] = [
    ["an upward import", "src/registry/blobs.ts", "../pool/jobs.ts", "upward"],
    ["a command inside a verb", "src/mirror/gather.ts", "../commands/flags.ts", "upward"],
    ["a sideways import", "src/format/tar.ts", "../ui/table.ts", "sideways"],
    ["a verb that imports a verb", "src/mirror/clone.ts", "./gather.ts", "imports no verb"],
    [
      "what verbs are made of, that knows one",
      "src/archive/read/unpack.ts",
      "../../mirror/gather.ts",
      "upward",
    ],
    [
      "the plan of an archive that knows its writer",
      "src/archive/plan/a.ts",
      "../write/b.ts",
      "upward in its",
    ],
    ["a thread that knows the server", "src/pool/pool.ts", "../server/serve.ts", "sideways"],
    [
      "the drive that knows the field's words",
      "src/tape/window/window.ts",
      "../../oci/digest.ts",
      "system and errors only",
    ],
    ["the graph that knows the wire", "src/content/walk.ts", "../registry/client.ts", "oci and errors only"],
    ["a door into the wrong room", "workers/writer.ts", "../src/registry/client.ts", "pool and tape only"],
    ["a test inside the program", "src/oci/digest.ts", "../../test/support/images.ts", "outside of it"],
    ["a script inside the program", "src/mirror/gather.ts", "../../scripts/demo.ts", "outside of it"],
    ["main inside a command", "src/commands/version.ts", "../main.ts", "upward"],
    [
      "a drive that knows of sets",
      "src/tape/drive/open-tape.ts",
      "../volumes/open-volume.ts",
      "upward in its",
    ],
    ["a room without a line", "src/cellar/wine.ts", "../oci/digest.ts", "no room"],
    ["a room without a line as a target", "src/mirror/gather.ts", "../cellar/wine.ts", "no room"],
    ["a missing extension", "src/mirror/gather.ts", "../oci/digest", "extension"],
    ["Bun's imitation of undici", "src/registry/client.ts", "undici", "imitation"],
  ];
  for (const [why, from, specifier, said] of planted) {
    test(why, () => expect(faultOf({ from, specifier }) ?? "nothing").toContain(said));
  }

  const fine: [from: string, specifier: string][] = [
    ["src/main.ts", "./commands.ts"],
    ["src/commands.ts", "./commands/mirror/gather.ts"],
    ["src/commands/mirror/gather.ts", "../../mirror/gather.ts"],
    ["src/mirror/gather.ts", "../pool/pool.ts"],
    ["src/archive/read/unpack.ts", "../../run/run.ts"],
    ["src/registry/client.ts", "undici/index.js"],
    ["src/tape/window/write-loop.ts", "../medium/medium.ts"],
    ["workers/writer.ts", "../src/pool/media/writer-thread.ts"],
    ["scripts/demo.ts", "../test/support/images.ts"],
    ["src/main.ts", "../package.json"],
  ];
  for (const [from, specifier] of fine) {
    test(`nothing wrong with ${from} importing ${specifier}`, () => {
      expect(faultOf({ from, specifier })).toBeUndefined();
    });
  }

  test("imports of every form, and none in comments", () => {
    const text = `/** import { no } from "./no.ts"; */
import "./bare.ts";
import type { A } from "./type.ts";
import {
  b,
} from './lines.ts';
export { c } from "./export.ts";
export * from "./star.ts";
// import d from "./comment.ts";
const e = await import("./dynamic.ts");
let f: import("./inline.ts").F;
const g = "from './text.ts'";`;
    const found = ["bare", "type", "lines", "export", "star", "dynamic", "inline"].map(
      (name) => `./${name}.ts`,
    );
    expect(importsOf(text)).toEqual(found);
  });

  test("a circle of two directories whose files make none", () => {
    const imports = [
      { from: "src/tape/window/a.ts", specifier: "../drive/b.ts" },
      { from: "src/tape/drive/c.ts", specifier: "../window/d.ts" },
    ];
    expect(circleAmong(imports)).toBeUndefined();
    expect(circleAmong(betweenPlaces(imports))).toBe("src/tape/window -> src/tape/drive -> src/tape/window");
  });

  test("a circle of three", () => {
    const imports = [
      { from: "src/a/a.ts", specifier: "./b.ts" },
      { from: "src/a/b.ts", specifier: "../c/c.ts" },
      { from: "src/c/c.ts", specifier: "../a/a.ts" },
    ];
    expect(circleAmong(imports)).toBe("src/a/a.ts -> src/a/b.ts -> src/c/c.ts -> src/a/a.ts");
    expect(circleAmong(imports.slice(1))).toBeUndefined();
  });
});
