/** The door through which a worker's answer comes in. */
import * as v from "valibot";
import type { ErrorData } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { JobResult } from "./jobs.ts";

const errorSchema = v.custom<ErrorData>(
  (value) => typeof value === "object" && value !== null && "code" in value && "message" in value,
);
const noticesSchema = v.array(v.object({ level: v.picklist(["warn", "info", "debug"]), text: v.string() }));
const resultSchema = v.variant("ok", [
  v.object({
    ok: v.literal(true),
    outcomes: v.array(
      v.union([
        v.object({ arrival: v.picklist(["moved", "mounted", "skipped"]) }),
        v.object({ error: errorSchema }),
      ]),
    ),
    digests: v.optional(
      v.array(v.custom<Digest>((value) => typeof value === "string" && value.includes(":"))),
    ),
    notices: noticesSchema,
  }),
  v.object({ ok: v.literal(false), error: errorSchema, notices: noticesSchema }),
]);

/** @throws ValiError when a worker breaks the contract, which is a fault of this program */
export function parseJobResult(message: unknown): JobResult {
  return v.parse(resultSchema, message);
}
