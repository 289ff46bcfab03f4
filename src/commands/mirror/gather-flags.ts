/** The flags of gather, which archive has too; clone has those for platforms. */
import { Flags } from "@oclif/core";
import { parseAnnotations } from "../../lists/annotations.ts";
import type { PlatformChoice } from "../../oci/platform-filter.ts";
import { parsePlatformMode, parsePlatforms, platformModeFlag, repeatableFlag } from "../flag-values.ts";

/** `-a`, `-p` and so on, for oclif. */
export const gatherFlags = {
  annotations: repeatableFlag({
    char: "a",
    helpValue: "k=v,k2=v2",
    description: "Annotations for the index.",
  }),
  platforms: repeatableFlag({
    char: "p",
    helpValue: "os/arch[/variant]",
    description: "Only these platforms of multi-platform images.",
  }),
  "platform-mode": platformModeFlag,
  "index-fallback": Flags.boolean({
    description: "For registries that take no index in an index: name them in an annotation instead.",
  }),
};

/** What oclif makes of {@link gatherFlags}. */
export interface ParsedGatherFlags {
  annotations: string[] | undefined;
  platforms: string[] | undefined;
  "platform-mode": string;
  "index-fallback": boolean;
}

/**
 * The options that the flags stand for.
 * @throws AceError `usage`
 */
export function gatherChoice(
  flags: ParsedGatherFlags,
): PlatformChoice & { annotations: Record<string, string>; indexFallback: boolean } {
  return {
    annotations: parseAnnotations(flags.annotations ?? []),
    ...platformChoice(flags),
    indexFallback: flags["index-fallback"],
  };
}

/** @throws AceError `usage` */
export function platformChoice(
  flags: Pick<ParsedGatherFlags, "platforms" | "platform-mode">,
): PlatformChoice {
  return {
    platforms: parsePlatforms(flags.platforms ?? []),
    mode: parsePlatformMode(flags["platform-mode"]),
  };
}
