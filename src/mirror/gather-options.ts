/** What `mirror gather` is asked for; a file of its own because the index's writer needs it too. */
import type { Platform } from "../oci/platform.ts";

export interface GatherOptions {
  sourcesFile: string;
  image: string;
  annotations: Record<string, string>;
  platforms: Platform[];
  indexFallback: boolean;
  recursive: boolean;
}
