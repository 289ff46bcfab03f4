/** The flags of scatter that say which images go to their places, and how to look first; unarchive has them too, clone some. */
import { Flags } from "@oclif/core";
import { parseSelectors } from "../../lists/selector.ts";
import { repeatableFlag } from "../flag-values.ts";
import { outputFlag } from "../output-choice.ts";

/** `--check`, `-l` and so on, for oclif. */
export const routeFlags = {
  check: Flags.boolean({
    description: "Print every destination and what would move there; push nothing.",
  }),
  output: outputFlag,
  selector: repeatableFlag({
    char: "l",
    helpValue: "SELECTOR",
    description:
      "Only images with these labels, in Kubernetes' syntax. A comma inside one is AND, several -l are OR.",
  }),
  subset: Flags.string({ helpValue: "SOURCES-FILE", description: "Only the images of this list." }),
};

/** What oclif makes of {@link routeFlags}, but for what is printed. */
export interface ParsedRouteFlags {
  selector: string[] | undefined;
  subset: string | undefined;
}

/** The options that the flags stand for. */
export interface RouteChoice {
  selectors: string[];
  /** A source list: only these. */
  subset?: string;
}

/** @throws AceError `usage` for a bad selector */
export function routeChoice({ selector, subset }: ParsedRouteFlags): RouteChoice {
  return { selectors: selectorsOf(selector), ...(subset === undefined ? {} : { subset }) };
}

/** @throws AceError `usage` for a bad selector */
export function selectorsOf(texts: readonly string[] = []): string[] {
  parseSelectors(texts);
  return [...texts];
}
