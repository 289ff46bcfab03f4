/** Says at the end of a failed run how far the medium is good, and how to go on. */
import { AceError, type Advice } from "../../errors.ts";
import type { Writer } from "../../pool/media/writer.ts";
import { type RunContext, stoppedError } from "../../run/run.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import type { LedgerQueue } from "./ledger-queue.ts";
import type { SetControl } from "./set-control.ts";

/** How long a stopped run waits for its writer; the bound for Ctrl-C is 2 s. */
const stopGraceMs = 1000;

/** What knows how far it came. */
export interface FailedWriting {
  writer: Writer;
  queue: LedgerQueue;
  set: SetControl | undefined;
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
  const { destination, checkpoint, medium } = options;
  const name = destination === "-" ? "standard output" : destination;
  const good = goodBytes();
  if (good === 0) return cause.withDetails(`${name} got nothing that can be used`);
  const facts: (string | Advice)[] = [
    `${name} is good up to byte ${good}; it has no end marker, so nothing takes it for a whole archive`,
  ];
  if (set !== undefined)
    facts.push({ kind: "go-on", where: medium === "tape" ? "tapes" : "volumes", token: set.state.token });
  else if (medium === "file" && destination !== "-") facts.push({ kind: "go-on", where: "file" });
  if (checkpoint !== undefined) facts.push({ kind: "new-file", checkpoint, goodBytes: good });
  return cause.withDetails(...facts);
}
