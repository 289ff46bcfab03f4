/** The functions for semantic versions. */
import { parseVersion } from "../go/semver.ts";
import { parseConstraint, satisfies } from "../go/semver-constraint.ts";
import { define, defineWithBudget } from "../values/define.ts";
import { versionPointer, versionPointerType } from "./version-type.ts";

export const versionFunctions = [
  define("semver", "func(string) (*semver.Version, error)", (text) => versionPointer(parseVersion(text)), [
    versionPointerType,
  ]),
  defineWithBudget("semverCompare", "func(string, string) (bool, error)", (budget, constraint, version) => {
    // Reading a constraint takes regular expressions to it: what limits those limits it.
    budget.regexp(constraint.length);
    const read = parseConstraint(constraint);
    return satisfies(parseVersion(version), read);
  }),
];
