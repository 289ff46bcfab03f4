/** Entries of a gather index, as resolving a source makes them. */
import type { GatherOptions } from "../../src/gather/gather-options.ts";
import type { GatherEntry } from "../../src/gather/resolve-source.ts";
import type { RawManifest } from "../../src/oci/manifest.ts";
import { openClient } from "../registry/client-under-test.ts";
import type { Artifact } from "../support/images.ts";

/** Of no flags. */
export const noOptions: GatherOptions = {
  sourcesFile: "",
  image: "",
  annotations: {},
  platforms: [],
  mode: "original",
  indexFallback: false,
  recursive: false,
};

// Nobody is asked: an entry only has to come from somewhere.
const repository = openClient().repository("http://127.0.0.1:9", "library/x");

/** An artifact under its source reference. */
export function entryOf(reference: string, artifact: Artifact): GatherEntry {
  const annotations = { "vnd.act3-ace.manifest.source": reference };
  return { reference, repository, graph: repository, descriptor: { ...artifact.root, annotations } };
}

/** The JSON of an index. */
export function jsonOf(raw: RawManifest) {
  return JSON.parse(Buffer.from(raw.bytes).toString());
}
