/** A TAG behind image references is known by its form, and what is ambiguous is refused. */
import { describe, expect, test } from "bun:test";
import { takeTag } from "../../../src/commands/mirror/trailing-tag.ts";

const image = "reg.example.com/gather:sync-1";

describe("takeTag()", () => {
  const good: [string, readonly string[], string | undefined, { images: string[]; tag: string }][] = [
    ["nothing at all is latest", [], undefined, { images: [], tag: "latest" }],
    ["a word alone is the tag", ["sync-1"], undefined, { images: [], tag: "sync-1" }],
    [
      "the last word behind images is the tag",
      [image, "sync-2"],
      undefined,
      { images: [image], tag: "sync-2" },
    ],
    [
      "images alone leave the tag to --reference",
      [image, image],
      "sync-3",
      { images: [image, image], tag: "sync-3" },
    ],
    ["a reference without tag is an image", ["reg/app"], undefined, { images: ["reg/app"], tag: "latest" }],
    [
      "a digest is an image's",
      [`reg/app@sha256:${"0".repeat(64)}`],
      undefined,
      { images: [`reg/app@sha256:${"0".repeat(64)}`], tag: "latest" },
    ],
  ];
  for (const [name, words, reference, want] of good) {
    test(name, () => expect(takeTag(words, reference)).toEqual(want));
  }

  const bad: [string, readonly string[], string | undefined, string][] = [
    ["a tag twice", ["sync-1"], "sync-2", "given twice"],
    ["the same tag twice all the same", ["sync-1"], "sync-1", "given twice"],
    ["two tags", ["sync-1", "sync-2"], undefined, "are both tags"],
    ["a tag before an image", ["sync-1", image], undefined, "it comes last"],
    ["neither tag nor image", ["alpine:3.20"], undefined, "it is no tag, nor an image reference"],
    ["a --reference that is no tag", [], "reg.example.com/all:sync-1", "as --reference"],
    ["an empty word", [""], undefined, "it is no tag"],
  ];
  for (const [name, words, reference, want] of bad) {
    test(`refuses ${name}`, () => expect(() => takeTag(words, reference)).toThrow(want));
  }
});
