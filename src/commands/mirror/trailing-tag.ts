/** Tells a TAG behind other arguments from image references by its form, as the guide's `archive LIST FILE sync-1` has it. */
import { AceError } from "../../errors.ts";
import { isTag } from "../../oci/reference.ts";

/** What `--reference` is when nobody says. */
const defaultTag = "latest";

/**
 * Takes the tag out of the last arguments. A tag has no `/` and no `:`, an image reference has a registry and so a `/`.
 * @param words EXISTING-IMAGEs, and perhaps a tag as the last
 * @param reference the value of `--reference`
 * @throws AceError `usage` when it is not clear what is meant
 */
export function takeTag(
  words: readonly string[],
  reference: string | undefined,
): { images: string[]; tag: string } {
  const images = words.filter((word) => word.includes("/"));
  const tags = words.filter((word) => !word.includes("/"));
  const [tag] = tags;
  if (tags.length > 1) {
    for (const each of tags) checkTag(each, "a tag");
    throw ambiguous(`${tags.map(quoted).join(" and ")} are both tags`);
  }
  const chosen = chooseTag(tag, reference);
  if (tag !== undefined && words.at(-1) !== tag)
    throw ambiguous(`the tag ${quoted(tag)} stands before ${quoted(words.at(-1) ?? "")}; it comes last`);
  return { images, tag: chosen ?? defaultTag };
}

/**
 * The tag as an argument or as `--reference`; undefined when there is neither.
 * @throws AceError `usage` when there are both, or what is there is no tag
 */
export function chooseTag(word: string | undefined, reference: string | undefined): string | undefined {
  if (word !== undefined) checkTag(word, "a tag");
  if (reference !== undefined) checkTag(reference, "--reference");
  if (word !== undefined && reference !== undefined)
    throw ambiguous(`the tag is given twice, as ${quoted(word)} and with --reference`);
  return word ?? reference;
}

function checkTag(text: string, what: string): void {
  if (isTag(text)) return;
  throw new AceError("usage", `Cannot use ${quoted(text)} as ${what}: it is no tag, nor an image reference`, {
    hint: "A tag is of letters, digits, _ . and -, as in sync-1; an image is registry/repository:tag.",
  });
}

function ambiguous(why: string): AceError {
  return new AceError("usage", `Cannot tell what the index is to be called: ${why}`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
