/** Annotation keys on the wire and on disk. The guide spells three of them without `.data.`: read both, write these. */

export const refName = "org.opencontainers.image.ref.name";
export const manifestSource = "vnd.act3-ace.manifest.source";
export const dataVersion = "vnd.act3-ace.data.version";
export const serializationVersion = "vnd.act3-ace.data.serialization.version";
export const layerSizeTotal = "vnd.act3-ace.data.layer.size.total";
export const layerSizeDeduplicated = "vnd.act3-ace.data.layer.size.deduplicated";
export const extraManifests = "vnd.act3-ace.data.extra-manifests";
export const ledgerOffset = "vnd.act3-ace.data.offset";
/** Ours, in a ledger: which volume of a set holds an entry's last byte, and on a tape which of its files and which block. */
export const ledgerVolume = "vnd.act3-ace.data.volume";
export const ledgerFile = "vnd.act3-ace.data.tape.file";
export const ledgerBlock = "vnd.act3-ace.data.tape.block";
export const labels = "data.act3-ace.io/labels";
export const sourceIndex = "data.act3-ace.io/source-index";
/**
 * Ours. On an index's descriptor: the platforms, as `-p` takes them, whose manifests below it are wanted. The others are left out
 * on purpose (`--platform-mode sparse`).
 */
export const sparsePlatforms = "data.act3-ace.io/sparse-platforms";
/** Ours. On a rebuilt index and its entry: the digest of the index it was made from (`--platform-mode rebuild`). */
export const sourceDigest = "data.act3-ace.io/source-digest";
/** BuildKit's attestation-storage.md: an index entry about another entry, and that one's digest. */
export const referenceDigest = "vnd.docker.reference.digest";

const guideSpelling: Readonly<Record<string, string>> = {
  [layerSizeTotal]: "vnd.act3-ace.layer.size.total",
  [layerSizeDeduplicated]: "vnd.act3-ace.layer.size.deduplicated",
  [extraManifests]: "vnd.act3-ace.extra-manifests",
};

/** The value under a key, or under the guide's spelling of it. */
export function readAnnotation(
  annotations: Readonly<Record<string, string>> | undefined,
  key: string,
): string | undefined {
  return annotations?.[key] ?? annotations?.[guideSpelling[key] ?? key];
}
