/** `ace-dt util prune`. */
import { Flags } from "@oclif/core";
import type { PruneResult, StoreAmount } from "../../layout/prune-store.ts";
import { formatBytes } from "../../ui/format.ts";
import { BaseCommand, configFlag } from "../base.ts";
import { environment } from "../environment.ts";
import { parseMebibytes } from "../flag-values.ts";

export default class Prune extends BaseCommand {
  static override summary = "Cut the local store to a size: what was used least recently goes first.";
  static override description =
    "The store is the directory that cachePath in the configuration or ACE_DT_CACHE_PATH names. What a run that goes on has used stays, and so do its unfinished files; those of dead processes go.";
  static override examples = [
    {
      description: "To the size that cachePruneMax in the configuration says, 500 MiB without it",
      command: "<%= config.bin %> <%= command.id %>",
    },
    { description: "Empty it", command: "<%= config.bin %> <%= command.id %> --size 0" },
  ];
  static override flags = {
    size: Flags.string({
      char: "s",
      helpValue: "MiB",
      description: "What the store may have afterwards, in MiB (also ACE_DT_CACHE_PRUNE_MAX).",
    }),
    config: configFlag,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Prune);
    const size = flags.size === undefined ? undefined : parseMebibytes(flags.size, "--size");
    const [{ loadConfig }, { pruneStore }] = await Promise.all([
      import("../../config/load-config.ts"),
      import("../../layout/prune-store.ts"),
    ]);
    const { cachePath, cachePruneMax } = await loadConfig({ configFlags: flags.config ?? [], environment });
    const said =
      cachePath === undefined
        ? "The local store is off.\n"
        : sentences(cachePath, pruneStore(cachePath, size ?? cachePruneMax));
    process.stdout.write(said);
  }
}

function sentences(directory: string, { removed, left, inUse }: PruneResult): string {
  const first = `${directory}: removed ${amountOf(removed)}, ${amountOf(left)} left.\n`;
  return inUse.blobs === 0 ? first : `${first}A run that goes on uses ${amountOf(inUse)} of what is left.\n`;
}

function amountOf({ blobs, bytes }: StoreAmount): string {
  return `${blobs} ${blobs === 1 ? "blob" : "blobs"} (${formatBytes(bytes)})`;
}
