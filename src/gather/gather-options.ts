/** What `mirror gather` is asked for; a file of its own because the index's writer needs it too. */
import type { PlatformChoice } from "../oci/platform-filter.ts";

export interface GatherOptions extends PlatformChoice {
  sourcesFile: string;
  image: string;
  annotations: Record<string, string>;
  indexFallback: boolean;
  recursive: boolean;
}
