/** Says at the end of a failed run how far the medium is good, and how to go on. */
import { AceError } from "../../errors.ts";
import type { Writer } from "../../pool/media/writer.ts";
import { type RunContext, stoppedError } from "../../run/run.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import type { LedgerQueue } from "./ledger-queue.ts";
import type { SetWriting } from "./set-writing.ts";

/** How long a stopped run waits for its writer; the bound for Ctrl-C is 2 s. */
const stopGraceMs = 1000;

/** What knows how far it came. */
export interface FailedWriting {
  writer: Writer;
  queue: LedgerQueue;
  set: SetWriting | undefined;
  /** Bytes on the medium that are good. */
  goodBytes(): number;
}

/** Waits a moment for the writer to say how far the medium is good, and adds that to the error. */
export async function explainFailure(
  error: unknown,
  { writer, queue, set, goodBytes }: FailedWriting,
  options: WriteArchiveOptions,
  run: RunContext,
): Promise<unknown> {
  const ended = writer.done.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, stopGraceMs))]);
  await Promise.all([queue.settled(), set?.settled()]);
  const cause = run.signal.aborted ? stoppedError(run.signal) : error;
  if (!(cause instanceof AceError)) return cause;
  const { destination, checkpoint, medium, goOn } = options;
  const name = destination === "-" ? "standard output" : destination;
  const good = goodBytes();
  if (good === 0) return cause.withDetails(`${name} got nothing that can be used`);
  const facts = [
    `${name} is good up to byte ${good}; it has no end marker, so nothing takes it for a whole archive`,
  ];
  const place = medium === "tape" ? "on these tapes" : set === undefined ? "in this file" : "in these files";
  if (set !== undefined && goOn !== undefined) facts.push(`to go on ${place}: ${goOn(set.nextFlags)}`);
  else if (medium === "file" && destination !== "-")
    facts.push(`to go on ${place}: the same command with --resume`);
  if (checkpoint !== undefined)
    facts.push(`to go on in a new file: --existing-from-checkpoint ${checkpoint}:${good}`);
  return cause.withDetails(...facts);
}
