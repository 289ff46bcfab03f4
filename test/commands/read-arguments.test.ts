import { expect, test } from "bun:test";
import { type CommandShapes, readArguments } from "../../src/commands/read-arguments.ts";

const global = {
  config: { type: "option", multiple: true },
  recursive: { type: "boolean", char: "r" },
  quiet: { type: "boolean", char: "q" },
  verbosity: { type: "option", char: "v" },
} as const;
const shapes: CommandShapes = {
  version: {},
  config: { config: global.config, sample: { type: "boolean", char: "s" } },
  "mirror:gather": { ...global, platforms: { type: "option", char: "p", multiple: true } },
  "mirror:serialize": {
    ...global,
    "block-size": { type: "option", char: "b" },
    "no-term": { type: "boolean" },
  },
};

test.each([
  ["version", "version", []],
  ["mirror gather a b", "mirror:gather", ["--", "a", "b"]],
  ["--config c mirror gather a b", "mirror:gather", ["--config=c", "--", "a", "b"]],
  ["mirror -q gather a b", "mirror:gather", ["--quiet", "--", "a", "b"]],
  ["mirror gather a -r b", "mirror:gather", ["--recursive", "--", "a", "b"]],
  ["mirror gather -rq a b", "mirror:gather", ["--recursive", "--quiet", "--", "a", "b"]],
  [
    "mirror gather -rp linux/amd64 a b",
    "mirror:gather",
    ["--recursive", "--platforms=linux/amd64", "--", "a", "b"],
  ],
  [
    "mirror gather -p a -p=b --platforms c --platforms=d",
    "mirror:gather",
    ["--platforms=a", "--platforms=b", "--platforms=c", "--platforms=d"],
  ],
  ["mirror serialize -b1Mi a -", "mirror:serialize", ["--block-size=1Mi", "--", "a", "-"]],
  [
    "mirror serialize --block-size 1 --block-size=2 a b",
    "mirror:serialize",
    ["--block-size=2", "--", "a", "b"],
  ],
  ["mirror serialize --no-term a b", "mirror:serialize", ["--no-term", "--", "a", "b"]],
  ["mirror serialize --no-term=false a b", "mirror:serialize", ["--", "a", "b"]],
  ["mirror serialize -r --recursive=f a b", "mirror:serialize", ["--", "a", "b"]],
  ["mirror serialize --recursive=TRUE a b", "mirror:serialize", ["--recursive", "--", "a", "b"]],
  ["mirror serialize -r=true a b", "mirror:serialize", ["--recursive", "--", "a", "b"]],
  ["mirror serialize -- --quiet -r", "mirror:serialize", ["--", "--quiet", "-r"]],
  ["mirror serialize -v a b", "mirror:serialize", ["--verbosity=warn", "--", "a", "b"]],
  ["mirror serialize -v debug a b", "mirror:serialize", ["--verbosity=debug", "--", "a", "b"]],
  ["mirror serialize -v 8 a b", "mirror:serialize", ["--verbosity=8", "--", "a", "b"]],
  [
    "mirror serialize -v=info --verbosity=debug a b",
    "mirror:serialize",
    ["--verbosity=debug", "--", "a", "b"],
  ],
  ["mirror serialize a b --bogus -x", "mirror:serialize", ["--bogus", "-x", "--", "a", "b"]],
  ["mirror serialize a b --bogus=1", "mirror:serialize", ["--bogus", "--", "a", "b"]],
  ["mirror serialize version config", "mirror:serialize", ["--", "version", "config"]],
  ["mirror", "mirror", []],
  ["", "", []],
])("the line %j is %s with %j", (line, id, argv) => {
  const words = line.split(" ").filter((word) => word !== "");
  expect(readArguments(words, shapes)).toEqual({ id, help: false, argv });
});

test.each([
  "--help",
  "-h",
  "mirror --help",
  "mirror gather -h",
  "mirror gather -rh",
  "mirror gather a b --help",
])("the line %j asks for help", (line) => {
  expect(readArguments(line.split(" "), shapes).help).toBe(true);
});

test("behind -- and as a flag's value, --help is a word like any other", () => {
  expect(readArguments(["mirror", "gather", "--", "--help"], shapes).help).toBe(false);
  expect(readArguments(["mirror", "gather", "--config", "--help"], shapes).help).toBe(false);
});

test("an empty value stays a value", () => {
  expect(readArguments(["mirror", "serialize", "--block-size=", "a"], shapes).argv).toEqual([
    "--block-size=",
    "--",
    "a",
  ]);
});

test.each([
  ["bogus", 'Cannot run "bogus"'],
  ["mirror gathr a", 'Cannot run "mirror gathr"'],
  ["-q bogus", 'Cannot run "bogus"'],
  ["constructor", 'Cannot run "constructor"'],
])("the line %j is refused, and the hint lists the commands there are", (line, message) => {
  try {
    readArguments(line.split(" "), shapes);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: "usage", message: `${message}: there is no such command` });
    expect(error).toMatchObject({ hint: expect.stringContaining("mirror serialize") });
  }
});

test.each(["--block-size", "-b", "-rb"])("%s at the end of the line wants a value", (flag) => {
  expect(() => readArguments(["mirror", "serialize", "a", flag], shapes)).toThrow(
    "--block-size: it wants a value",
  );
});

test("a boolean flag takes true and false only", () => {
  expect(() => readArguments(["mirror", "gather", "--quiet=maybe"], shapes)).toThrow(
    'Cannot use "--quiet=maybe"',
  );
});
