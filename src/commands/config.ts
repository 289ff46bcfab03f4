/** `ace-dt config`. */
import { Flags } from "@oclif/core";
import { BaseCommand, configFlag } from "./base.ts";
import { environment } from "./environment.ts";

export default class Config extends BaseCommand {
  static override summary =
    "Print the configuration in force: the file, the defaults and the environment, put together.";
  static override examples = [
    { description: "See what is in force", command: "<%= config.bin %> <%= command.id %>" },
    {
      description: "Start a configuration file of your own",
      command: "<%= config.bin %> <%= command.id %> --sample > ace-dt-config.yaml",
    },
  ];
  static override flags = {
    config: configFlag,
    sample: Flags.boolean({ char: "s", description: "Print a commented sample of every key instead." }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Config);
    process.stdout.write(flags.sample ? await sample() : await inForce(flags.config ?? []));
  }
}

async function sample(): Promise<string> {
  return (await import("../config/sample.ts")).sampleConfig;
}

async function inForce(configFlags: string[]): Promise<string> {
  const [{ loadConfig }, { formatConfig }] = await Promise.all([
    import("../config/load-config.ts"),
    import("../config/format-config.ts"),
  ]);
  return formatConfig(await loadConfig({ configFlags, environment }));
}
