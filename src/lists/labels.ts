/** Labels as Kubernetes has them: `key=value`, with its rules for both sides (apimachinery `validation.IsQualifiedName`). */

/** Label values by key. */
export type Labels = Readonly<Record<string, string>>;

const namePattern = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const prefixPattern = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const nameLimit = 63;
const prefixLimit = 253;

/** What is wrong with a label's key, or undefined. */
export function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (prefix !== undefined && (!prefixPattern.test(prefix) || prefix.length > prefixLimit)) {
    return `the prefix of label key ${JSON.stringify(key)} is no lower-case domain name of at most ${prefixLimit} characters`;
  }
  if (namePattern.test(name) && name.length <= nameLimit) return undefined;
  return `label key ${JSON.stringify(key)} wants at most ${nameLimit} letters, digits, "-", "_" and ".", with a letter or digit at both ends`;
}

/** What is wrong with a label's value, or undefined. */
export function labelValueProblem(value: string): string | undefined {
  if (value === "" || (namePattern.test(value) && value.length <= nameLimit)) return undefined;
  return `label value ${JSON.stringify(value)} wants at most ${nameLimit} letters, digits, "-", "_" and ".", with a letter or digit at both ends`;
}
