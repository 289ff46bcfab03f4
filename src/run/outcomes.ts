/** Reads what a worker answered for a target. */
import { AceError, fromErrorData } from "../errors.ts";
import type { Arrival, TargetOutcome } from "../pool/jobs.ts";

/** @throws AceError what went wrong at the target */
export function arrivalOf(outcome: TargetOutcome | undefined): Arrival {
  if (outcome === undefined)
    throw new AceError("internal", "Cannot read a worker's answer: it has no outcome");
  if ("error" in outcome) throw fromErrorData(outcome.error);
  return outcome.arrival;
}
