/** `index.json`: which manifests a layout holds and what they are called (image-spec image-layout.md, "index.json file"). */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { AceError, systemCodeOf } from "../errors.ts";
import { refName } from "../oci/annotations.ts";
import { type Descriptor, descriptorSchema, orderedDescriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ociImageIndex } from "../oci/media-types.ts";
import { replaceFile, type WritePolicy } from "../system/replace-file.ts";
import { groupCommit } from "./group-commit.ts";

const indexSchema = v.object({ manifests: v.array(descriptorSchema) });

/** What `index.json` says, taken apart. */
export interface LayoutContent {
  /** Every manifest, tagged or not, without its ref.name annotation. */
  manifests: Map<Digest, Descriptor>;
  tags: Map<string, Digest>;
}

/** A layout's index in memory. What it tells is what is on disk: a change shows only once its file is in place. */
export class LayoutIndex {
  #content: LayoutContent;
  #sortedTags: readonly string[] | undefined;
  #pending: ((draft: LayoutContent) => void)[] = [];
  readonly #flush: () => Promise<void>;

  /**
   * Reads the file; one that does not exist is an empty index.
   * @throws AceError `input` when it is not an index
   */
  constructor(
    private readonly path: string,
    private readonly policy: WritePolicy,
  ) {
    this.#content = readIndex(path);
    this.#flush = groupCommit(() => this.#write());
  }

  /** The manifest's descriptor, or undefined. */
  manifest(digest: Digest): Descriptor | undefined {
    return this.#content.manifests.get(digest);
  }

  /** What a tag points at, or undefined. */
  tagged(tag: string): Descriptor | undefined {
    const digest = this.#content.tags.get(tag);
    return digest === undefined ? undefined : this.#content.manifests.get(digest);
  }

  /** All manifests, in the order in which they came. */
  manifests(): Iterable<Descriptor> {
    return this.#content.manifests.values();
  }

  /** All tags in byte order. */
  tags(): readonly string[] {
    this.#sortedTags ??= [...this.#content.tags.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return this.#sortedTags;
  }

  /**
   * Changes the index and resolves when the change is on disk. Changes asked for while a write is under way are written
   * together by the next one; each sees those before it. If the write fails, none of them has happened.
   * @param change edits the draft and returns what the caller wants to know; it must not await or throw
   */
  async update<T>(change: (draft: LayoutContent) => T): Promise<T> {
    let answer: { value: T } | undefined;
    this.#pending.push((draft) => {
      answer = { value: change(draft) };
    });
    await this.#flush();
    if (answer === undefined) throw new AceError("internal", "Cannot change index.json: the change was lost");
    return answer.value;
  }

  async #write(): Promise<void> {
    const changes = this.#pending;
    this.#pending = [];
    const draft = { manifests: new Map(this.#content.manifests), tags: new Map(this.#content.tags) };
    for (const change of changes) change(draft);
    await replaceFile(this.path, formatIndex(draft), this.policy);
    this.#content = draft;
    this.#sortedTags = undefined;
  }
}

function readIndex(path: string): LayoutContent {
  const content: LayoutContent = { manifests: new Map(), tags: new Map() };
  for (const listed of readManifests(path)) {
    const { [refName]: tag, ...others } = listed.annotations ?? {};
    const descriptor = { ...listed, annotations: Object.keys(others).length === 0 ? undefined : others };
    content.manifests.set(listed.digest, orderedDescriptor(descriptor));
    if (tag !== undefined) content.tags.set(tag, listed.digest);
  }
  return content;
}

function readManifests(path: string): readonly Descriptor[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return [];
    throw new AceError("input", `Cannot read ${JSON.stringify(path)}: ${systemCodeOf(cause) ?? "failed"}`, {
      cause,
    });
  }
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), indexSchema), text);
  if (result.success) return result.output.manifests;
  const issue = result.issues[0];
  throw new AceError(
    "input",
    `Cannot read ${JSON.stringify(path)}: ${v.getDotPath(issue) ?? "it"}: ${issue.message}`,
    { hint: "It should be the index.json of an OCI image layout. Restore it, or remove the layout." },
  );
}

/** One entry a tag, and one for each manifest without a tag. */
function formatIndex(content: LayoutContent): string {
  const tagsOf = new Map<Digest, string[]>();
  for (const [tag, digest] of content.tags) {
    const list = tagsOf.get(digest);
    if (list === undefined) tagsOf.set(digest, [tag]);
    else list.push(tag);
  }
  const manifests: Descriptor[] = [];
  for (const descriptor of content.manifests.values()) {
    const tags = tagsOf.get(descriptor.digest);
    if (tags === undefined) manifests.push(descriptor);
    for (const tag of tags ?? []) {
      manifests.push(
        orderedDescriptor({ ...descriptor, annotations: { ...descriptor.annotations, [refName]: tag } }),
      );
    }
  }
  return JSON.stringify({ schemaVersion: 2, mediaType: ociImageIndex, manifests });
}
