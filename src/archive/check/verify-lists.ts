/** Checks what lists of an archive's content say against the archive: a checkpoint ledger, the catalogues of volumes, manifest.json. */

import { AceError } from "../../errors.ts";
import { classifyEntry } from "../../format/entry-name.ts";
import { type LedgerEntry, ledgerEntries } from "../../format/ledger.ts";
import { cataloguePath } from "../../tape/catalogue/volume-names.ts";
import type { ArchiveContents } from "../read/archive-contents.ts";
import type { FoundSet } from "../read/check-volumes.ts";
import { readCatalogueHead } from "../read/volume-catalogue.ts";

/**
 * Compares a ledger with the archive it was written for: each blob of it is there, ends where the ledger says and has its size. In a
 * compressed archive the ledger counts compressed bytes, so that the places cannot be compared there.
 * @throws AceError `input` when the ledger cannot be read
 */
export async function checkLedger(path: string, archive: ArchiveContents): Promise<void> {
  const onNotice = (notice: string) => archive.notices.push(notice);
  for await (const entry of ledgerEntries(path, onNotice))
    checkEntry(entry, `checkpoint ${path}:${entry.lineNumber}`, archive);
}

/**
 * Compares the catalogues of a set with the archive: their hashes are all there, their lines are true, and what a line names ends in the
 * catalogue's own volume.
 * @throws AceError `medium` when one cannot be read
 */
export async function checkCatalogues({ volumes }: FoundSet, archive: ArchiveContents): Promise<void> {
  for (const { path, label } of volumes) {
    if (label === undefined) continue;
    const file = cataloguePath(path);
    try {
      const { segments } = readCatalogueHead(path);
      const onNotice = (notice: string) => archive.tell("checkpoint", notice);
      for await (const entry of ledgerEntries(file, onNotice, 1 + segments.length)) {
        const line = `catalogue ${file}:${entry.lineNumber}`;
        checkEntry(entry, line, archive);
        const { descriptor, offset } = entry;
        const end = label.offset + label.bytes;
        if (offset > label.offset && offset <= end) continue;
        const range = `which holds the archive from byte ${label.offset} to ${end}`;
        archive.tell("checkpoint", `${line} says that it ends at byte ${offset} in this volume, ${range}`, {
          digest: descriptor.digest,
        });
      }
    } catch (error) {
      if (!(error instanceof AceError) || !["archive", "input"].includes(error.code)) throw error;
      archive.tell("checkpoint", error.message);
    }
  }
}

function checkEntry({ descriptor, offset }: LedgerEntry, line: string, archive: ArchiveContents): void {
  const { digest, size } = descriptor;
  const end = archive.endOf(digest);
  const found = archive.blobs.find(digest);
  const tell = (state: string) => archive.tell("checkpoint", `${line} ${state}`, { digest, offset });
  if (end === undefined || found === undefined) {
    tell(`has it within the first ${offset} bytes, and the archive has it not, or not whole`);
  } else if (!archive.isPacked && end !== offset) {
    tell(`says that it ends at byte ${offset}, and it ends at byte ${end}`);
  } else if (found.sizeBytes !== size) {
    tell(`says that it has ${size} bytes, and it has ${found.sizeBytes}`);
  }
}

/** Every path that manifest.json names is there: `docker load` stops at the first that is not. */
export function checkLoadPaths(archive: ArchiveContents): void {
  for (const path of archive.layout.loadPaths) {
    if (!isThere(path, archive))
      archive.tell("manifest-json", `manifest.json names ${JSON.stringify(path)}, which is not there`);
  }
}

function isThere(path: string, archive: ArchiveContents): boolean {
  try {
    const role = classifyEntry(path);
    return role.kind === "blob"
      ? archive.blobs.find(role.digest) !== undefined
      : archive.otherNames.has(path);
  } catch (error) {
    if (error instanceof AceError) return false;
    throw error;
  }
}
