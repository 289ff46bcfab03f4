/** Says at the end of a failed run how far the medium is good, and how to go on. */
import type { AceError, Advice } from "../../errors.ts";
import type { Writer } from "../../pool/media/writer.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import type { DiskWrites } from "./disk-writes.ts";
import type { SetControl } from "./set-control.ts";

/** How long a stopped run waits for its writer and its jobs; the bound for Ctrl-C is 2 s. */
const stopGraceMs = 1000;

/** What knows how far it came. */
export interface FailedWriting {
  writer: Writer;
  /** Resolves when no job of this archive runs any more. */
  idle: Promise<void>;
  ledger: DiskWrites;
  state: DiskWrites;
  set: SetControl | undefined;
  /** Bytes on the medium that are good. */
  goodBytes(): number;
}

/** Waits a moment for those who are still at it, and adds what they came to. */
export async function explainFailure(
  cause: AceError,
  { writer, idle, ledger, state, set, goodBytes }: FailedWriting,
  { destination, checkpoint, medium }: WriteArchiveOptions,
): Promise<AceError> {
  let isWhole = false;
  const written = writer.done.then(
    ({ whole }) => {
      isWhole = whole;
    },
    () => undefined,
  );
  const ended = Promise.all([written, idle]);
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, stopGraceMs))]);
  await Promise.all([ledger.settled(), state.settled()]);
  const failures = [ledger.failure, state.failure].filter((failure) => failure !== undefined);
  const besides = failures.filter(({ message }) => message !== cause.message);
  const facts: (string | Advice)[] = besides.map(({ message }) => `besides: ${message}`);
  const name = destination === "-" ? "standard output" : destination;
  const good = goodBytes();
  if (isWhole) return cause.withDetails(...facts, `${name} is whole: ${good} bytes`);
  if (good === 0) return cause.withDetails(...facts, `${name} got nothing that can be used`);
  facts.push(
    `${name} is good up to byte ${good}; it has no end marker, so nothing takes it for a whole archive`,
  );
  // Going on there keeps what the tape has of a blob as it is.
  if (medium === "tape" && cause.begunBlob !== undefined)
    facts.push(
      "the tape has wrong bytes of this blob, and they would stay there: the set has to be written again",
    );
  else if (set !== undefined)
    facts.push({ kind: "go-on", where: medium === "tape" ? "tapes" : "volumes", token: set.state.token });
  else if (medium === "file" && destination !== "-") facts.push({ kind: "go-on", where: "file" });
  if (checkpoint !== undefined && ledger.failure === undefined)
    facts.push({ kind: "new-file", checkpoint, goodBytes: good });
  return cause.withDetails(...facts);
}
