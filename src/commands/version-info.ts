/** Which ace-dt this is. */
import manifest from "../../package.json" with { type: "json" };

// The build puts these in; from source they are not defined.
declare const ACE_DT_VERSION: string | undefined;
declare const ACE_DT_COMMIT: string | undefined;

/** The version, as in annotations and User-Agent. */
export const version: string = typeof ACE_DT_VERSION === "string" ? ACE_DT_VERSION : manifest.version;

/** The commit it was built from; `source` when it was not built. */
export const commit: string = typeof ACE_DT_COMMIT === "string" ? ACE_DT_COMMIT : "source";
