/** Reads which files a `manifest.json` names; manifest-json.ts beside this writes one. */
import * as v from "valibot";
import { AceError } from "../errors.ts";

/** docker/image/tarexport `manifestItem`. */
const loadListSchema = v.array(v.object({ Config: v.string(), Layers: v.nullish(v.array(v.string())) }));

/**
 * Every path that `docker load` would look for, each once.
 * @throws AceError `archive` when it is no such file
 */
export function parseLoadPaths(bytes: Uint8Array, archive: string): string[] {
  const text = new TextDecoder().decode(bytes);
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), loadListSchema), text);
  if (result.success) {
    return [...new Set(result.output.flatMap(({ Config, Layers }) => [Config, ...(Layers ?? [])]))];
  }
  throw new AceError(
    "archive",
    `Cannot read manifest.json of archive ${JSON.stringify(archive)}: it is no list of images`,
  );
}
