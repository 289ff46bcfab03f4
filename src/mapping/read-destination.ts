/** Checks that what a mapper made can be pushed to, before anything is pushed. */
import { AceError } from "../errors.ts";
import { parseReference, type Reference } from "../oci/reference.ts";

/** A destination as the mapper wrote it: what it means, or what is wrong with it. */
export type Destination = { target: Reference } | { problem: string };

/** Reads one destination; what is wrong with it is told without its name, which the caller has. */
export function readDestination(destination: string): Destination {
  try {
    return { target: parseReference(destination) };
  } catch (error) {
    if (error instanceof AceError) return { problem: error.message.replace(/^.*: /s, "") };
    throw error;
  }
}
