/** Reads the JUnit report that `bun test` writes. */

/** What the report says. */
export interface TestReport {
  passed: number;
  /** `file: name`, one each. */
  failed: string[];
  skipped: string[];
  /** Files with at least one test reported. */
  files: Set<string>;
}

/** Reads `<testcase .../>` and `<testcase ...>...</testcase>`; an unfinished report gives what it has. */
export function parseReport(xml: string): TestReport {
  const report: TestReport = { passed: 0, failed: [], skipped: [], files: new Set() };
  for (const [, attributes = "", selfClosed, body = ""] of xml.matchAll(
    /<testcase ((?:[^">]|"[^"]*")*?)(?:(\/)>|>([\s\S]*?)<\/testcase>)/g,
  )) {
    const file = attribute(attributes, "file");
    report.files.add(file);
    const group = attribute(attributes, "classname");
    const name = `${file}: ${group === "" ? "" : `${group} > `}${attribute(attributes, "name")}`;
    if (selfClosed === undefined && /<(failure|error)\b/.test(body)) report.failed.push(name);
    else if (selfClosed === undefined && /<skipped\b/.test(body)) report.skipped.push(name);
    else report.passed++;
  }
  return report;
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value.replace(/&(lt|gt|quot|apos|amp|#10);/g, (_, entity: string) => entities[entity] ?? "");
}

const entities: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  amp: "&",
  "#10": "\n",
};
