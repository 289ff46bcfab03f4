/** What an error advises, in the flags of the command that was given. */
import type { Advice } from "../errors.ts";
import { goOnCommand } from "./go-on.ts";

/** The command that was given. */
export interface GivenCommand {
  /** As oclif has it: `mirror:serialize`; empty when the line names none. */
  id: string;
  /** As `readArguments` writes it. */
  argv: readonly string[];
  /** Names of the flags that the command has. */
  flags: ReadonlySet<string>;
}

const places = { tapes: "on these tapes", file: "in this file", volumes: "in these files" };

/**
 * Names no flag that the command does not have.
 * @returns undefined when the command has no way to follow the advice
 */
export function adviceWords(advice: Advice, { id, argv, flags }: GivenCommand): string | undefined {
  const has = (...names: string[]) => names.every((name) => flags.has(name));
  switch (advice.kind) {
    case "keep-or-replace": {
      const [name, it] = advice.written === "file" ? ["file", "it"] : ["archive", "its volumes"];
      if (!has("force")) return `Name a new ${name}.`;
      return has("resume")
        ? `Name a new ${name}, give --resume to go on in this one, or --force to replace ${it}.`
        : `Name a new ${name}, or give --force to replace ${it}.`;
    }
    case "replace": {
      const [name, it] = advice.written === "file" ? ["file", "this one"] : ["archive", "its volumes"];
      return has("force", "resume")
        ? `Name a new ${name}, or give --force in place of --resume to replace ${it}.`
        : `Name a new ${name}.`;
    }
    case "go-on": {
      if (!has("resume")) return undefined;
      const more = advice.token === undefined ? [] : ["--resume-volume", advice.token];
      return advice.where === "file"
        ? `to go on ${places.file}: the same command with --resume`
        : `to go on ${places[advice.where]}: ${goOnCommand(id, argv, ["--resume", ...more])}`;
    }
    case "new-file":
      return has("existing-from-checkpoint")
        ? `to go on in a new file: --existing-from-checkpoint ${advice.checkpoint}:${advice.goodBytes}`
        : undefined;
    case "second-part":
      return has("existing-from-checkpoint")
        ? "Write the rest as a second part: --existing-from-checkpoint FILE:OFFSET, with the first run's checkpoint and the bytes that are safely on the medium."
        : undefined;
    case "other-images":
      return has("continue") ? "--continue goes on with the other images." : undefined;
    case "checkpoint-of-first-run":
      return has("checkpoint", "resume-volume")
        ? "Give the first run's --checkpoint, or --resume-volume as it was printed."
        : undefined;
    case "flags-of-first-run":
      return has("resume")
        ? "Give the checkpoint and the flags of the run that began the set, or leave --resume out."
        : undefined;
    case "block-size-of-first-run":
      return has("block-size") ? "Give the --block-size of the first run." : undefined;
    case "later-volume":
      return has("checkpoint", "force", "resume")
        ? `If ${advice.name} holds volume 2 or a later one, unfinished, give the first run's --checkpoint. To replace what is there, give --force in place of --resume.`
        : undefined;
    case "smaller-blocks":
      if (!has("block-size")) return undefined;
      return `Give --block-size ${advice.bytes}${has("resume") ? ", or --block-size auto" : ""}.`;
    case "block-size-as-written":
      return has("block-size") ? "Give the block size it was written with as --block-size." : undefined;
    case "smaller-buffer":
      return has("buffer-size") ? "Give a smaller --buffer-size." : undefined;
    case "larger-chunks":
      return has("buffer-size")
        ? "Give a larger --buffer-size, or a chunkSize above 0 in the configuration file."
        : "Give a chunkSize above 0 in the configuration file.";
    case "volumes-wanted":
      return has("volume-size") ? "Name a tape, or give --volume-size." : "Name a tape.";
    case "smaller-volumes":
      return has("volume-size", "block-size")
        ? "Give --volume-size, less than a cartridge holds, or a smaller --block-size."
        : undefined;
    case "elsewhere-on-tape": {
      const status = `mt -f ${advice.name} status shows where it stands`;
      return has("position") ? `${status}; --position bot or file:N goes elsewhere.` : `${status}.`;
    }
    case "behind-or-over":
      if (!has("force")) return undefined;
      return has("position")
        ? "--position append writes behind everything; --force writes over it, and all behind it is lost."
        : "--force writes over it, and all behind it is lost.";
    case "overwrite-checkpoint":
      return has("force") ? "Name another file, or pass --force to lose what it says." : "Name another file.";
    case "tracker-elsewhere":
      return has("tracker-filename")
        ? "Another place for the records: --tracker-filename with an absolute path."
        : undefined;
    case "sync-elsewhere":
      return has("sync-filename")
        ? "When the directory is on a disc: --sync-filename with an absolute path keeps the records elsewhere."
        : undefined;
    case "registry-directory":
      return `${has("dir") ? "Name a directory with --dir, or set" : "Set"} TMPDIR to one that this user may write to.`;
    case "any-order":
      return has("strict") ? "Without --strict any order of entries is read." : undefined;
    case "keep-platforms-together":
      return has("platform-mode")
        ? "Nothing was pushed. Choose one platform, or keep the platforms in one index: --platform-mode sparse or rebuild."
        : "Nothing was pushed. Choose one platform.";
    case "rebuild-index": {
      const others =
        "the registry take such indexes (distribution 3: validation.manifests.indexes.platforms; ace-dt util registry --sparse-indexes).";
      // The index comes from a gather: there it is rebuilt.
      const rebuild = has("platform-mode")
        ? "Use --platform-mode rebuild"
        : 'Gather it with "ace-dt mirror gather --platform-mode rebuild"';
      return `${rebuild}, or let ${others}`;
    }
    case "list-destinations":
      return `and ${advice.unsaid} more images or destinations${has("check") ? "; --check lists all of them" : ""}`;
    case "mend-mapper":
      return `Nothing was pushed. Mend the mapper${has("check") ? "; --check shows what it makes" : ""}.`;
  }
}
