/** The command line with which an operator goes on after a run that stopped. */

/** What only the first run needs, or what is given anew. */
const dropped: readonly string[] = ["resume", "resume-volume", "force", "position"];

/** What a shell takes as it is. */
const plainWord = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * @param id of the command, as oclif has it: `mirror:serialize`
 * @param argv as `readArguments` writes it: flags as `--name=value`, then `--` and the arguments
 * @param flags that are added
 */
export function goOnCommand(id: string, argv: readonly string[], flags: readonly string[]): string {
  const at = argv.indexOf("--");
  const given = at < 0 ? argv : argv.slice(0, at);
  const words = at < 0 ? [] : argv.slice(at + 1);
  const kept = given.filter((flag) => !dropped.includes(/^--([^=]+)/.exec(flag)?.[1] ?? ""));
  return ["ace-dt", ...id.split(":"), ...words, ...kept, ...flags].map(quote).join(" ");
}

/** As a POSIX shell reads it back. */
function quote(word: string): string {
  return plainWord.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
