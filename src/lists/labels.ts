/** Labels as Kubernetes has them: `key=value`, with its rules for both sides (apimachinery `util/validation`). */

/** Label values by key. */
export type Labels = Readonly<Record<string, string>>;

/** What is wrong with a key or a value. */
export interface LabelProblem {
  why: string;
  /** The character at fault, counted from 0; the text's length when something is missing behind it. */
  at: number;
}

/** A text's characters and its length, and both in words. */
interface Rule {
  /** The characters of the text, one at a time. */
  character: RegExp;
  /** The first and the last one. */
  end: RegExp;
  limit: number;
  words: string;
}

// `IsQualifiedName` and `IsValidLabelValue` have the same one.
const nameRule: Rule = {
  character: /[-A-Za-z0-9_.]/,
  end: /[A-Za-z0-9]/,
  limit: 63,
  words: 'Kubernetes wants at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends',
};

// `IsDNS1123Subdomain`
const prefixRule: Rule = {
  character: /[-a-z0-9.]/,
  end: /[a-z0-9]/,
  limit: 253,
  words:
    'Kubernetes wants a domain name of at most 253 lower-case letters, digits, "-" and ".", each part with a letter or digit at both ends',
};

/** What is wrong with a label's key, `[prefix/]name`, or undefined. */
export function labelKeyProblem(key: string): LabelProblem | undefined {
  const [name = "", prefix, ...more] = key.split("/").reverse();
  const subject = `label key ${JSON.stringify(key)}`;
  if (more.length > 0) {
    const at = key.indexOf("/", key.indexOf("/") + 1);
    return { why: `${subject} has more than one "/": Kubernetes wants name or prefix/name`, at };
  }
  const slash = prefix?.length ?? -1;
  if (prefix !== undefined) {
    const at = prefixFault(prefix);
    if (at !== undefined) return { why: `the prefix of ${subject} is wrong: ${prefixRule.words}`, at };
  }
  const at = fault(name, nameRule);
  if (at === undefined && name !== "") return undefined;
  return { why: `${subject} is wrong: ${nameRule.words}`, at: slash + 1 + (at ?? 0) };
}

/** What is wrong with a label's value, or undefined; the empty one is good. */
export function labelValueProblem(value: string): LabelProblem | undefined {
  const at = fault(value, nameRule);
  if (at === undefined) return undefined;
  return { why: `label value ${JSON.stringify(value)} is wrong: ${nameRule.words}`, at };
}

/** Where a prefix breaks its rule: as a whole, or in one of its parts. */
function prefixFault(prefix: string): number | undefined {
  if (prefix.length > prefixRule.limit) return fault(prefix, prefixRule);
  let from = 0;
  for (const part of prefix.split(".")) {
    const at = part === "" ? 0 : fault(part, prefixRule);
    if (at !== undefined) return from + at;
    from += part.length + 1;
  }
  return undefined;
}

/** Where a text breaks its rule; an empty text never does. */
function fault(text: string, rule: Rule): number | undefined {
  const wrong = [...text].findIndex((character) => !rule.character.test(character));
  // All characters before the first wrong one are of one code unit each.
  if (wrong >= 0) return wrong;
  if (text.length > rule.limit) return rule.limit;
  if (text === "" || !rule.end.test(text.charAt(0))) return text === "" ? undefined : 0;
  return rule.end.test(text.charAt(text.length - 1)) ? undefined : text.length - 1;
}
