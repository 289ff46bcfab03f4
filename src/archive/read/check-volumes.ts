/** Checks that the volumes of a set belong together, before any of them is read. */
import { accessSync, constants, type Stats, statSync } from "node:fs";
import { basename } from "node:path";
import { AceError, cannotRead, systemState } from "../../errors.ts";
import { formatLabel, type VolumeLabel } from "../../tape/catalogue/catalogue.ts";
import { volumePath } from "../../tape/catalogue/volume-names.ts";
import { beginsArchive } from "./begins-archive.ts";
import { readCatalogueLabel } from "./volume-catalogue.ts";

/** A volume that is a file. */
export interface FoundVolume {
  /** From 1, as its name has it. */
  number: number;
  path: string;
  /** Bytes of the archive in front of it. */
  offset: number;
  /** Of its file; those that its catalogue names, when it has one. */
  bytes: number;
  /** What its catalogue says; undefined when there is none. */
  label: VolumeLabel | undefined;
}

/** The volumes of a set, in order, as far as they can be told to be right without reading them. */
export interface FoundSet {
  /** Of the archive, without a number. */
  name: string;
  /** At least one. */
  volumes: readonly FoundVolume[];
  /** True when the last volume's catalogue says that the archive ends there. Without catalogues nobody knows. */
  isWhole: boolean;
}

/** What there is of a volume by the names of a directory. */
export interface ListedVolume {
  number: number;
  path: string;
  hasFile: boolean;
  hasCatalogue: boolean;
}

const wrongHint =
  "Copy again what is named; where only a catalogue is wrong, the volumes can be read without it.";

/**
 * @param found at least one, in order
 * @throws AceError as `findVolumes`
 */
export function checkVolumes(archive: string, found: readonly ListedVolume[]): FoundSet {
  const check = new VolumeCheck(archive);
  check.readLabels(found);
  for (const volume of check.upToLast(found)) check.take(volume);
  check.end();
  return check.result();
}

class VolumeCheck {
  readonly #archive: string;
  readonly #labels = new Map<number, VolumeLabel>();
  readonly #volumes: FoundVolume[] = [];
  readonly #problems: AceError[] = [];
  /** Names of volumes that are not there, and how many they are. */
  readonly #missing: string[] = [];
  #missingCount = 0;
  /** Any label of the set that most of the volumes belong to. */
  #set: VolumeLabel | undefined;
  /** The number that comes next, and where it begins; undefined behind one of which nobody knows where it ends. */
  #next = 1;
  #offset: number | undefined = 0;

  constructor(archive: string) {
    this.#archive = archive;
  }

  readLabels(found: readonly ListedVolume[]): void {
    const counts = new Map<string, number>();
    for (const { number, path, hasCatalogue } of found) {
      const label = hasCatalogue ? this.#attempt(() => readCatalogueLabel(path)) : undefined;
      if (label === undefined) continue;
      this.#labels.set(number, label);
      counts.set(label.set, (counts.get(label.set) ?? 0) + 1);
    }
    const most = Math.max(...counts.values());
    this.#set = this.#labels.values().find(({ set }) => counts.get(set) === most);
  }

  /** Without what lies behind the archive's end: volumes of a longer one that was there before. */
  upToLast(found: readonly ListedVolume[]): readonly ListedVolume[] {
    const last = found.findIndex(({ number }) => {
      const label = this.#labels.get(number);
      return label?.last === true && this.#isWanted(label, number);
    });
    return last < 0 ? found : found.slice(0, last + 1);
  }

  take({ number, path, hasFile }: ListedVolume): void {
    this.#miss(this.#next, number - 1);
    this.#next = number + 1;
    const label = this.#labels.get(number);
    if (label !== undefined && !this.#isWanted(label, number)) {
      const wanted = this.#set !== undefined && label.set !== this.#set.set ? this.#set : undefined;
      const name = wanted === undefined ? `volume ${number}` : formatLabel({ ...wanted, volume: number });
      this.#tell(`${basename(path)} is ${formatLabel(label)}, and ${name} is wanted`);
      this.#offset = undefined;
      return;
    }
    if (hasFile) this.#takeFile(number, path, label);
    else this.#miss(number, number);
    if (label !== undefined) this.#offset = label.offset + label.bytes;
  }

  /** Nothing more is there. */
  end(): void {
    const last = this.#labels.get(this.#next - 1);
    if (last === undefined || last.last || !this.#isWanted(last, this.#next - 1)) return;
    this.#missing.push(`${this.#nameOf(this.#next)} and what follows it`);
    this.#missingCount += 2;
  }

  result(): FoundSet {
    if (this.#missing.length > 0) {
      this.#tell(`${this.#missing.join(", ")} ${this.#missingCount === 1 ? "is" : "are"} missing`);
    }
    const [first, ...others] = this.#problems;
    if (first === undefined) {
      const isWhole = this.#volumes.at(-1)?.label?.last === true;
      return { name: this.#archive, volumes: this.#volumes, isWhole };
    }
    const isMedium = this.#problems.every(({ code }) => code === "medium");
    const texts = this.#problems.map(({ message, unreadable }) =>
      unreadable === undefined ? message : `${unreadable.object}: ${unreadable.state}`,
    );
    const state = others.length === 0 ? texts[0] : `${texts.length} things are wrong with its volumes`;
    throw new AceError(isMedium ? "medium" : "archive", `Cannot read ${this.#archive}: ${state}`, {
      details: others.length === 0 ? [] : texts,
      cause: first.cause,
      ...(isMedium ? {} : { hint: wrongHint }),
    });
  }

  #takeFile(number: number, path: string, label: VolumeLabel | undefined): void {
    const stat = this.#attempt(() => statReadable(path));
    if (stat === undefined) {
      this.#offset = undefined;
      return;
    }
    const { size } = stat;
    const bytes = label?.bytes ?? size;
    if (size !== bytes) {
      const state = size < bytes ? "it is cut" : "something follows its end";
      this.#tell(`${basename(path)} has ${size} bytes, and ${bytes} by its catalogue: ${state}`);
    }
    if (label === undefined && number > 1 && beginsArchive(path)) {
      this.#tell(`${basename(path)} begins as an archive does: it is another one, or the first volume again`);
    }
    const offset = label?.offset ?? this.#offset;
    if (label !== undefined && this.#offset !== undefined && label.offset !== this.#offset) {
      this.#tell(
        `${basename(path)} begins at byte ${label.offset} of the archive by its catalogue, and what comes before it ends at byte ${this.#offset}`,
      );
    }
    this.#offset = offset === undefined ? undefined : offset + bytes;
    if (offset !== undefined) this.#volumes.push({ number, path, offset, bytes, label });
  }

  #isWanted(label: VolumeLabel, number: number): boolean {
    return label.set === this.#set?.set && label.volume === number;
  }

  #miss(first: number, last: number): void {
    if (first > last) return;
    this.#offset = undefined;
    this.#missingCount += last - first + 1;
    const names = [this.#nameOf(first), this.#nameOf(last)];
    this.#missing.push(first === last ? this.#nameOf(first) : names.join(last === first + 1 ? ", " : " to "));
  }

  #nameOf(number: number): string {
    return basename(volumePath(this.#archive, number));
  }

  #tell(text: string): void {
    this.#problems.push(new AceError("archive", text));
  }

  #attempt<Result>(act: () => Result): Result | undefined {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof AceError)) throw error;
      this.#problems.push(error);
      return undefined;
    }
  }
}

/** @throws AceError `medium` for what is no regular file, or cannot be read */
function statReadable(path: string): Stats {
  try {
    accessSync(path, constants.R_OK);
    const stat = statSync(path);
    if (stat.isFile()) return stat;
  } catch (cause) {
    throw cannotRead("medium", path, systemState(cause), { cause });
  }
  throw cannotRead("medium", path, "it is no regular file");
}
