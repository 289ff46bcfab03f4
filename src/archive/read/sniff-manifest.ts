/** Tells a manifest from any other JSON by its bytes, for archives that name a thing only after holding it. */
import { isManifestType, ociImageIndex, ociImageManifest } from "../../oci/media-types.ts";

/** Bodies up to this are looked at in memory when nothing said yet what they are. Bytes. */
export const sniffedBytes = 4 * 1024 * 1024;

/** Every manifest is a JSON object; looking at the first byte spares parsing layers. */
const openBrace = 0x7b;

/** @returns the media type of what is a manifest by its own word or shape, else undefined */
export function sniffManifest(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== openBrace) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined; // not JSON: a blob like any other
  }
  if (typeof json !== "object" || json === null) return undefined;
  if ("mediaType" in json && typeof json.mediaType === "string")
    return isManifestType(json.mediaType) ? json.mediaType : undefined;
  if (!("schemaVersion" in json) || json.schemaVersion !== 2) return undefined;
  if ("manifests" in json && Array.isArray(json.manifests)) return ociImageIndex;
  return "layers" in json && Array.isArray(json.layers) ? ociImageManifest : undefined;
}
