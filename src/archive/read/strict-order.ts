/** `deserialize --strict`: the exact order of entries that serialize writes. */

import { DigestSet } from "../../collections/digest-set.ts";
import { wantedChildren } from "../../content/walk.ts";
import { AceError } from "../../errors.ts";
import { classifyEntry } from "../../format/entry-name.ts";
import type { TarFound } from "../../format/tar-reader.ts";
import { type Digest, digestAlgorithm } from "../../oci/digest.ts";
import { childBlobs, type ManifestContent } from "../../oci/manifest.ts";
import type { PlatformFilter } from "../../oci/platform-filter.ts";

/** What may come next below a manifest. */
interface Level {
  digest: Digest;
  /** Children in order; those before `next` are done. */
  children: readonly Digest[];
  /** How many of them, from the first on, are manifests. */
  manifests: number;
  next: number;
}

type Phase = "oci-layout" | "first-index" | "blobs" | "after-index" | "end";

/**
 * Follows the entries. Blobs may be left out (the other side has them), manifests may not, and nothing may be out of order,
 * written twice or unknown. Referrers come after the children of what they refer to.
 */
export class StrictOrder {
  readonly #archive: string;
  #phase: Phase = "oci-layout";
  #root: Digest | undefined;
  readonly #levels: Level[] = [];
  readonly #written = new DigestSet();
  readonly #directories = new Set<string>();
  /** Blobs that nothing open names: each must turn out to refer to a manifest. */
  readonly #unnamed = new Map<Digest, TarFound>();

  constructor(archive: string) {
    this.#archive = archive;
  }

  /** Says which manifest the first index.json names. */
  setRoot(digest: Digest): void {
    this.#root = digest;
  }

  /** Checks an entry before its body is read. @throws AceError `archive` */
  entry(entry: TarFound): void {
    const role = classifyEntry(entry.name);
    if (entry.name.startsWith("./")) throw this.#fail(entry, "its name begins with ./");
    if (role.kind === "other") throw this.#fail(entry, "an archive of ours holds no such file");
    if (role.kind === "directory") this.#directory(entry);
    else if (role.kind === "blob") this.#blob(entry, role.digest);
    else this.#file(entry, role.kind);
  }

  /** The files of the layout come in one order only. */
  #file(entry: TarFound, kind: string): void {
    const expected = {
      "oci-layout": "oci-layout",
      "first-index": "index",
      blobs: "index",
      "after-index": "manifest-json",
      end: undefined,
    }[this.#phase];
    if (kind !== expected) throw this.#fail(entry, `want ${expected ?? "the end"} here`);
    if (this.#phase === "blobs")
      for (const level of this.#levels) this.#pass(entry, level, level.children.length);
    this.#phase = (
      {
        "oci-layout": "first-index",
        "first-index": "blobs",
        blobs: "after-index",
        "after-index": "end",
        end: "end",
      } as const
    )[this.#phase];
  }

  /**
   * Takes the content of the manifest that was the last entry.
   * @param filter what is wanted of an index; undefined for everything
   * @throws AceError `archive`
   */
  manifest(digest: Digest, content: ManifestContent, filter?: PlatformFilter): void {
    const { nested, odd } = wantedChildren(content, filter);
    const children = [...nested, ...odd, ...childBlobs(content)].map((child) => child.digest);
    if (content.subject !== undefined && this.#unnamed.delete(digest))
      this.#closeBelow(content.subject.digest);
    this.settled(digest);
    this.#levels.push({ digest, children, manifests: nested.length, next: 0 });
  }

  #directory(entry: TarFound): void {
    const name = entry.name.replace(/\/$/, "");
    const known = name === "blobs" || /^blobs\/[a-z0-9]+$/.test(name);
    if (this.#phase !== "blobs" || !known || this.#directories.has(name))
      throw this.#fail(entry, "a directory does not belong here");
    this.#directories.add(name);
  }

  #blob(entry: TarFound, digest: Digest): void {
    if (this.#phase !== "blobs") throw this.#fail(entry, "blobs stand between the two index.json");
    if (!this.#directories.has(`blobs/${digestAlgorithm(digest)}`))
      throw this.#fail(entry, "its directory has no entry before it");
    if (this.#written.has(digest)) throw this.#fail(entry, "it stands in the archive twice");
    this.#written.add(digest);
    if (this.#levels.length === 0) {
      if (digest === this.#root) return;
      throw this.#fail(entry, `the first blob must be the root, ${this.#root}`);
    }
    for (let depth = this.#levels.length - 1; depth >= 0; depth--) {
      const level = this.#levels[depth];
      const at = level === undefined ? -1 : level.children.indexOf(digest, level.next);
      if (level !== undefined && at >= 0) {
        for (const done of this.#levels.splice(depth + 1)) this.#pass(entry, done, done.children.length);
        this.#pass(entry, level, at);
        level.next = at + 1;
        return;
      }
    }
    this.#unnamed.set(digest, entry);
  }

  /** Passes over children up to `to`: blobs may be left out, manifests may not. */
  #pass(entry: TarFound, level: Level, to: number): void {
    const left = level.children
      .slice(level.next, Math.min(to, level.manifests))
      .find((digest) => !this.#written.has(digest));
    if (left !== undefined) throw this.#fail(entry, `manifest ${left} must come before it`);
  }

  #closeBelow(subject: Digest): void {
    const depth = this.#levels.findIndex((level) => level.digest === subject);
    if (depth >= 0) this.#levels.length = depth + 1;
  }

  /** Says that an entry turned out to be no referrer. @throws AceError `archive` when it had to be one */
  settled(digest: Digest): void {
    const entry = this.#unnamed.get(digest);
    if (entry !== undefined) throw this.#fail(entry, "no manifest before it names it");
  }

  #fail(entry: TarFound, why: string): AceError {
    return new AceError(
      "archive",
      `Cannot accept ${this.#archive} as strictly in order: entry ${JSON.stringify(entry.name)} at byte ${entry.headerOffset}: ${why}`,
      {
        hint: { kind: "any-order" },
      },
    );
  }
}
