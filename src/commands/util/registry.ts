/** `ace-dt util registry`. */
import { once } from "node:events";
import { Flags } from "@oclif/core";
import { BaseCommand } from "../base.ts";
import { stopSignal } from "../stop-signal.ts";

export default class Registry extends BaseCommand {
  static override summary = "Serve an OCI registry: for demonstrations, tests and hosts that have none.";
  static override description =
    "Prints the address it listens on as its first line, and serves until SIGINT or SIGTERM, which end it with exit code 0.";
  static override examples = [
    { description: "On a free port, kept nowhere", command: "<%= config.bin %> <%= command.id %>" },
    {
      description: "For a network, kept on disk, with users and TLS",
      command:
        "<%= config.bin %> <%= command.id %> --listen 0.0.0.0:5000 --dir /srv/registry --htpasswd users --tls-cert cert.pem --tls-key key.pem",
    },
  ];
  static override flags = {
    listen: Flags.string({
      default: "127.0.0.1:0",
      helpValue: "HOST:PORT",
      description: "Where to listen; port 0 takes a free one.",
    }),
    dir: Flags.string({
      helpValue: "DIR",
      description: "Where to keep everything (default: a temporary directory).",
    }),
    htpasswd: Flags.string({
      helpValue: "FILE",
      description: "Names and passwords; without it everyone may do everything.",
    }),
    "tls-cert": Flags.string({ helpValue: "FILE", description: "Certificate chain in PEM; with --tls-key." }),
    "tls-key": Flags.string({ helpValue: "FILE", description: "Its key in PEM." }),
    "read-only": Flags.boolean({ description: "Refuse pushes and deletes." }),
    "sparse-indexes": Flags.boolean({
      description:
        "Take an index some of whose manifests are absent, as gather --platform-mode sparse pushes.",
    }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Registry);
    const { serveRegistry } = await import("../../server/serve-registry.ts");
    const registry = await serveRegistry({
      listen: flags.listen,
      dir: flags.dir,
      htpasswd: flags.htpasswd,
      tlsCert: flags["tls-cert"],
      tlsKey: flags["tls-key"],
      readOnly: flags["read-only"],
      sparseIndexes: flags["sparse-indexes"],
      onNotice: (text) => process.stderr.write(`ace-dt: ${text}\n`),
    });
    try {
      process.stdout.write(`${registry.address}\n`);
      if (!stopSignal.aborted) await once(stopSignal, "abort");
    } finally {
      await registry.close();
    }
  }
}
