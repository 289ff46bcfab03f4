/** What the parser knows while it reads one tree. */
import { MAX_NESTING } from "../budget.ts";
import type { TokenStream } from "./token-stream.ts";

/** The state of one tree's parsing. */
export interface Scope {
  tokens: TokenStream;
  /** Names of variables that are declared here, with their dollar signs. */
  variables: string[];
  /** Loops around, within this tree. */
  loops: number;
  /** Blocks and parentheses around, over all trees. */
  depth: number;
  hasFunction: (name: string) => boolean;
}

/** Runs `read` one level deeper. @throws TemplateError when that is too deep */
export function deeper<T>(scope: Scope, read: () => T): T {
  scope.depth++;
  if (scope.depth > MAX_NESTING) scope.tokens.fail(`nested deeper than ${MAX_NESTING} levels`);
  const result = read();
  scope.depth--;
  return result;
}
