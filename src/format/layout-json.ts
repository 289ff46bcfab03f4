/** The JSON files of the layout inside an archive: `oci-layout` and the two `index.json`, byte for byte as the original writes them. */
import * as v from "valibot";
import { AceError } from "../errors.ts";
import * as annotationKeys from "../oci/annotations.ts";
import { type Descriptor, descriptorSchema, optionalOf, orderedDescriptor } from "../oci/descriptor.ts";
import { goJson } from "../oci/go-json.ts";
import { ociImageIndex } from "../oci/media-types.ts";

/** The last index.json names every manifest: 64 MiB hold some 150 000 of them. Bytes. */
export const indexJsonLimitBytes = 64 * 1024 * 1024;

/** The version of the archive's form, in the annotations of index.json; the original's, and never another so far. */
export const serializationVersion = "2";

/** What both index.json files of an archive say. */
export interface LayoutFacts {
  /** The manifest that the archive is about: the gather index. */
  root: Descriptor;
  /** The tag that `root` had. */
  tag: string;
  /** Of the tool that writes. */
  toolVersion: string;
  /** Bytes of all blobs (configs and layers), each counted once. */
  deduplicatedBytes: number;
}

/** The content of `oci-layout` (image-spec image-layout.md, "oci-layout file"). */
export function ociLayoutJson(): string {
  return goJson({ imageLayoutVersion: "1.0.0" });
}

/** The index.json at the front of an archive: it names the root only. */
export function firstIndexJson(facts: LayoutFacts): string {
  const { before, after } = indexJsonFrame(facts);
  return before + after;
}

/**
 * The index.json at the end of an archive names every manifest, and there may be many: so it comes in parts. Between what this
 * returns goes an {@link indexJsonElement} for every manifest written behind the root, in archive order, each digest once.
 */
export function indexJsonFrame(facts: LayoutFacts): { before: string; after: string } {
  const root = { ...facts.root, annotations: { [annotationKeys.refName]: facts.tag } };
  const whole = goJson(
    {
      schemaVersion: 2,
      mediaType: ociImageIndex,
      manifests: [],
      // Go sorts map keys.
      annotations: {
        [annotationKeys.layerSizeDeduplicated]: String(facts.deduplicatedBytes),
        [annotationKeys.serializationVersion]: serializationVersion,
        [annotationKeys.dataVersion]: facts.toolVersion,
      },
    },
    2,
  );
  const [front = "", after = ""] = whole.split('"manifests": []');
  return { before: `${front}"manifests": [\n${indented(root)}`, after: `\n  ]${after}` };
}

/** A manifest's place in the last index.json, as the descriptor of the index that led to it, with the original's annotations. */
export function indexJsonElement(manifest: Descriptor): string {
  return `,\n${indented(manifest)}`;
}

/** An element of an array one level down. No line break of it stands inside a text: JSON escapes those. */
function indented(descriptor: Descriptor): string {
  return goJson(orderedDescriptor(descriptor), 2).replace(/^/gm, "    ");
}

/** What an index.json says. */
export interface IndexJson {
  /** The first manifest: the gather index, in archives of ours. */
  root: Descriptor;
  /** The root's `org.opencontainers.image.ref.name`; tools that write plain layouts may leave it out. */
  tag: string | undefined;
  /** All of them, the root first. */
  manifests: readonly Descriptor[];
  annotations: Readonly<Record<string, string>>;
}

const indexSchema = v.object({
  schemaVersion: v.optional(v.literal(2, "not 2")),
  mediaType: optionalOf(v.literal(ociImageIndex, "not that of an image index")),
  manifests: v.pipe(v.array(descriptorSchema), v.minLength(1, "none")),
  annotations: optionalOf(v.record(v.string(), v.string())),
});

/**
 * Reads an index.json.
 * @throws AceError `archive` when it is larger than {@link indexJsonLimitBytes}, no JSON, no index, or names nothing
 */
export function parseIndexJson(bytes: Uint8Array, archive: string): IndexJson {
  const fail = (state: string, cause?: unknown): AceError =>
    new AceError("archive", `Cannot read index.json of archive ${JSON.stringify(archive)}: ${state}`, {
      cause,
    });
  if (bytes.length > indexJsonLimitBytes) {
    throw fail(`it has ${bytes.length} bytes, more than ${indexJsonLimitBytes}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw fail("it is not JSON", cause);
  }
  const result = v.safeParse(indexSchema, json);
  if (!result.success) {
    const issue = result.issues[0];
    throw fail(`${v.getDotPath(issue) ?? "it"}: ${issue.message}`);
  }
  const { manifests, annotations } = result.output;
  const [root] = manifests;
  if (root === undefined) throw fail("manifests: none");
  return {
    root,
    tag: root.annotations?.[annotationKeys.refName],
    manifests,
    annotations: annotations ?? {},
  };
}

const layoutSchema = v.object({ imageLayoutVersion: v.string() });

/**
 * Checks an `oci-layout` file.
 * @throws AceError `archive` when it is not JSON or of another major version than 1
 */
export function checkOciLayout(bytes: Uint8Array, archive: string): void {
  const text = new TextDecoder().decode(bytes);
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), layoutSchema), text);
  if (result.success && result.output.imageLayoutVersion.startsWith("1.")) return;
  throw new AceError(
    "archive",
    `Cannot read oci-layout of archive ${JSON.stringify(archive)}: it does not say imageLayoutVersion 1.0.0`,
  );
}
