/** `ace-dt version`. */
import { BaseCommand } from "./base.ts";
import { commit, version } from "./version-info.ts";

export default class Version extends BaseCommand {
  static override summary = "Print the version.";
  static override examples = [
    { description: "Which ace-dt is this?", command: "<%= config.bin %> <%= command.id %>" },
    { description: "The same, as a flag", command: "<%= config.bin %> --version" },
  ];

  override async run(): Promise<void> {
    await this.parse(Version);
    process.stdout.write(`ace-dt ${version} (${commit})\n`);
  }
}
