/** `ace-dt util mbuffer`. */
import { Flags } from "@oclif/core";
import { parseByteSize } from "../../config/bytes.ts";
import { formatBytes, formatRate, formatSeconds } from "../../ui/format.ts";
import { BaseCommand, uiFlags, uiOptions } from "../base.ts";
import { parseBlockSize, parsePercent, parseSomeBytes } from "../flag-values.ts";
import { mediumFlags } from "../mirror/medium-flags.ts";
import { stopSignal } from "../stop-signal.ts";

export default class Mbuffer extends BaseCommand {
  static override summary =
    "Copy standard input to standard output, a tape or a file through a large buffer.";
  static override description =
    "Reading and writing go on at the same time, so that a tape is kept running by a source that is fast only on average. Each write is one block; the last one is filled up with zeros on a tape, and only there.";
  static override examples = [
    {
      description: "An archive from a slow disk to a tape",
      command: "<%= config.bin %> <%= command.id %> -m 4Gi --hwm 90 -i sync-45.tar -o /dev/nst0",
    },
    {
      description: "From a pipe to a file, in blocks of 256 KiB",
      command: "<%= config.bin %> <%= command.id %> -m 1Gi -b 256Ki -o data.tar",
    },
  ];
  static override flags = {
    "block-size": mediumFlags["block-size"],
    "buffer-size": mediumFlags["buffer-size"],
    hwm: mediumFlags.hwm,
    "rate-limit": mediumFlags["rate-limit"],
    input: Flags.string({
      char: "i",
      default: "-",
      helpValue: "FILE",
      description: "Read a file, a tape or another device; - is standard input.",
    }),
    output: Flags.string({
      char: "o",
      default: "-",
      helpValue: "FILE",
      description: "Write a file, a tape or another device; - is standard output.",
    }),
    force: Flags.boolean({ description: "Overwrite the output if it is a file that exists." }),
    ...uiFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Mbuffer);
    const options = {
      source: flags.input,
      destination: flags.output,
      blockBytes: parseBlockSize(flags["block-size"]),
      windowBytes: parseByteSize(flags["buffer-size"], "--buffer-size"),
      highWaterPercent: flags.hwm === undefined ? undefined : parsePercent(flags.hwm, "--hwm"),
      bytesPerSecond: parseSomeBytes(flags["rate-limit"], "--rate-limit"),
      force: flags.force,
    };
    const [{ bufferStream }, { openUi }, { newRunStatus }] = await Promise.all([
      import("../../mirror/buffer-stream.ts"),
      import("../../ui/open-ui.ts"),
      import("../../ui/status.ts"),
    ]);
    const ui = openUi(uiOptions(flags));
    const startedMs = performance.now();
    try {
      const status = { ...newRunStatus(), inFlight: () => undefined };
      ui.watch(status);
      const run = { status, signal: stopSignal, notice: ui.log.bind(ui) };
      const { bytes, underruns } = await bufferStream(options, run);
      const seconds = (performance.now() - startedMs) / 1000;
      ui.note(
        [
          `mbuffer: ${formatBytes(bytes)} moved`,
          formatSeconds(seconds),
          formatRate(bytes, seconds),
          ...(underruns > 0 ? [`ran empty ${underruns} times`] : []),
        ].join(", "),
      );
    } finally {
      ui.close();
    }
  }
}
