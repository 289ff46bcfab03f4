/** The files of an archive: one, or several parts that complete each other. */
import { accessSync, constants } from "node:fs";
import { AceError, cannotRead, systemState } from "../../errors.ts";
import type { ReadingChange } from "../media/reading-change.ts";
import type { ArchiveSource, ReadingOptions } from "./archive-source.ts";
import { openArchive } from "./open-archive.ts";
import type { Unpacking } from "./unpack.ts";
import { findVolumes } from "./volume-files.ts";
import { type ReadPolicy, walkArchive } from "./walk-archive.ts";

/** How to read them. */
export interface ArchivePartsOptions extends ReadingOptions {
  policy: Exclude<ReadPolicy, "salvage">;
  /** Gets the next volume of a tape. */
  change: ReadingChange;
  log(level: "info" | "warn", text: string): void;
}

/** What is wrong with a part, rather than with the network or the destination. */
const partCodes: ReadonlySet<string> = new Set(["archive", "digest", "medium"]);

/** Parts are read one after the other; only one is open at a time. */
export class ArchiveParts {
  readonly #paths: readonly string[];
  readonly #options: ArchivePartsOptions;
  readonly #shortfalls: string[] = [];
  #source: ArchiveSource;

  /**
   * @param paths in any order; `-` at most once
   * @throws AceError `medium` for one that cannot be read, `archive` for a set of volumes that is not whole, `usage`
   */
  constructor(paths: readonly string[], options: ArchivePartsOptions) {
    const [first, ...more] = paths;
    if (first === undefined) throw new AceError("internal", "Cannot read an archive: it has no parts");
    if (paths.filter((path) => path === "-").length > 1)
      throw new AceError("usage", "Cannot read two parts from standard input");
    for (const path of more) checkSource(path);
    this.#paths = paths;
    this.#options = options;
    this.#source = openArchive({ ...options, source: first });
  }

  /** The part at hand. */
  get source(): ArchiveSource {
    return this.#source;
  }

  /** True when one part can make up for another. */
  get areSeveral(): boolean {
    return this.#paths.length > 1;
  }

  /** What the parts lacked, each a sentence: to go with the error when they are not whole together. */
  get shortfalls(): readonly string[] {
    return this.#shortfalls;
  }

  /**
   * Takes every entry of every part. What one part lacks at its end, or has damaged, is only noted when there are several.
   * @throws AceError what is wrong with the only part, or with more than its end
   */
  async takeAll(unpacking: Unpacking, signal: AbortSignal): Promise<void> {
    await this.#take(unpacking, signal);
    for (const path of this.#paths.slice(1)) {
      await unpacking.goOnWith(async () => {
        this.#source.close();
        signal.throwIfAborted();
        this.#source = openArchive({ ...this.#options, source: path, tapePosition: undefined });
        return this.#source;
      });
      await this.#take(unpacking, signal);
    }
  }

  /** For blobs that cannot be read. @returns true when another part may have it */
  takesAsMissing = (error: unknown): boolean => {
    if (!this.areSeveral || !(error instanceof AceError) || !partCodes.has(error.code)) return false;
    this.#note(error);
    return true;
  };

  /** Stops whatever still reads. May be called again. */
  close(): void {
    this.#source.close();
  }

  async #take(unpacking: Unpacking, signal: AbortSignal): Promise<void> {
    let entries = 0;
    let isTaking = false;
    try {
      const { policy } = this.#options;
      for await (const step of walkArchive(this.#source, policy)) {
        signal.throwIfAborted();
        if (step.kind === "fault") throw step.error;
        isTaking = true;
        await unpacking.take(step.entry, step.role);
        isTaking = false;
        entries++;
      }
      unpacking.end();
    } catch (error) {
      // Of what is no archive at all nothing is expected; and --strict means what it says.
      if (entries === 0 || (isTaking && this.#options.policy === "strict") || !this.takesAsMissing(error))
        throw error;
    }
  }

  #note(error: AceError): void {
    this.#shortfalls.push(error.message);
    this.#options.log("warn", `${error.message}; another part has to make up for it`);
  }
}

/** Refuses what could not be opened later, and opens nothing: a pipe or a tape must not be opened twice. */
function checkSource(path: string): void {
  if (path === "-" || findVolumes(path) !== undefined) return;
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    throw cannotRead("medium", path, systemState(cause), { cause });
  }
}
