/** Error answers of the registry, as distribution-spec "Error Codes" words them. */

/** distribution-spec "Error Codes", and from the older Docker API: TAG_INVALID, PAGINATION_NUMBER_INVALID, UNKNOWN. */
export type RefusalCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "PAGINATION_NUMBER_INVALID"
  | "SIZE_INVALID"
  | "TAG_INVALID"
  | "UNAUTHORIZED"
  | "UNKNOWN"
  | "UNSUPPORTED";

/** An answer with one error in its body. `message` is for people, `detail` for programs. */
export function refuse(
  status: number,
  code: RefusalCode,
  message: string,
  detail: Readonly<Record<string, unknown>> | readonly unknown[] = {},
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify({ errors: [{ code, message, detail }] }), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}
