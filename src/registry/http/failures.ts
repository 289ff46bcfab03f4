/** How answers and network failures become errors a person can act on: who, what, which side, which setting helps. */

import { AceError, messageOf, systemCodeOf } from "../../errors.ts";
import { canOpenFile, openFilesLimit } from "../../system/open-files.ts";
import type { EndpointSettings } from "../settings.ts";
import type { Reply } from "./exchange.ts";
import { describeReply } from "./problems.ts";

/** What is done to a repository, in a request and in an error message. */
export type Access = "pull" | "push";

/** The words of an error about one answer. */
export interface FailedRequest {
  /** `read`, `push`, `upload`, ... */
  act: string;
  /** As in `manifest host/name:tag`. */
  subject: string;
  access: Access;
  /** `registry/repository` as the user knows it. */
  repository: string;
  /** From {@link Authenticator.who}. */
  who: string;
  endpoint: EndpointSettings;
}

/** The error for an answer whose status was not the wanted one. */
export function replyError(failed: FailedRequest, reply: Reply): AceError {
  const said = describeReply(reply);
  const from = new URL(failed.endpoint.url).host;
  const lead = `Cannot ${failed.act} ${failed.subject}`;
  if (reply.status === 401 || reply.status === 403) {
    const act = failed.access === "pull" ? "pull from" : "push to";
    return new AceError(
      "denied",
      `${lead}: ${failed.who} may not ${act} ${failed.repository} (${from} answered ${said})`,
      {
        hint: `Log in with "docker login ${failed.repository.split("/")[0]}", or set registryAuthFile (or REGISTRY_AUTH_FILE) to a Docker config.json that holds credentials for ${from}.`,
      },
    );
  }
  if (reply.status === 404) {
    return new AceError("not-found", `${lead}: ${from} has no such thing (${said})`);
  }
  if (reply.status >= 500 || reply.status === 429 || reply.status === 408) {
    return new AceError("network", `${lead}: ${from} answered ${said}, and did so again when asked again`);
  }
  const plainToTls = reply.status === 400 && /HTTP request (?:was sent )?to (?:an )?HTTPS/i.test(said);
  return new AceError("registry", `${lead}: ${from} answered ${said}`, plainToTls ? { hint: httpsHint } : {});
}

const httpsHint =
  "The endpoint speaks TLS: write https:// in its URL under registryConfig.registries of the configuration file.";

/** The system's name of a failure, out of the causes when the error itself has none. */
export function codeOf(error: unknown): string | undefined {
  const own = systemCodeOf(error);
  if (own !== undefined) return own;
  return error instanceof Error && error.cause !== undefined ? systemCodeOf(error.cause) : undefined;
}

const losses = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** True when the other side closed the connection. */
export function isConnectionLoss(error: unknown): boolean {
  return losses.has(codeOf(error) ?? "");
}

/** An answer that ends before what it carries does, although the connection says nothing of it. */
export class CutAnswerError extends Error {
  readonly code = "ANSWER_CUT";

  constructor() {
    super("the answer ended early");
  }
}

const tlsTrust = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "INVALID_CA",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** BoringSSL and OpenSSL name it alike: the other side answered a TLS hello with plain text. */
const notTls = /WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG/;

/** The error for a request that nobody answered, or nobody to the end. */
export function networkError(origin: string, subject: string, error: unknown, tries: number): AceError {
  if (error instanceof AceError) return error;
  const code = codeOf(error) ?? "";
  const host = new URL(origin).host;
  const times = tries > 1 ? ` after ${tries} tries` : "";
  if (error instanceof CutAnswerError) {
    return new AceError("network", `Cannot read ${subject}: the answer of ${origin} ended early${times}`, {
      cause: error,
      hint: "A proxy or load balancer on the way to the registry may have cut it: run this again, or look at its log.",
    });
  }
  const lead = `Cannot reach ${origin} for ${subject}`;
  if (isForWantOfFiles(code)) {
    return new AceError(
      "network",
      `${lead}: too many files are open: the limit is ${openFilesLimit()}${times}`,
      {
        cause: error,
        hint: "Raise the limit (ulimit -n), or lower concurrentHTTP in the configuration.",
      },
    );
  }
  if (tlsTrust.has(code)) {
    return new AceError("network", `${lead}: its certificate is not trusted (${code})`, {
      cause: error,
      hint: `Put the CA certificate into /etc/docker/certs.d/${host}/ or /etc/containerd/certs.d/${host}/ (ca.pem or *.crt), or set tls.insecureSkipVerify for this endpoint under registryConfig.endpointConfig.`,
    });
  }
  if (notTls.test(code)) {
    return new AceError("network", `${lead}: it does not speak TLS (${code})`, {
      cause: error,
      hint: `If the registry is plain HTTP, give it the endpoint http://${host} under registryConfig.registries of the configuration file.`,
    });
  }
  return new AceError("network", `${lead}: ${stateOf(code, error)}${times}`, {
    cause: error,
    hint: origin.startsWith("https:")
      ? `Check the name and port, and whether the registry is plain HTTP (then its endpoint must be http://${host} in registryConfig).`
      : "Check the name and port, and whether the registry is running (and whether it wants https:// in registryConfig).",
  });
}

/** A name cannot be looked up either without a socket: that is said as ESERVFAIL. */
function isForWantOfFiles(code: string): boolean {
  return code === "EMFILE" || code === "ENFILE" || (code === "ESERVFAIL" && !canOpenFile());
}

function stateOf(code: string, error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: "nobody listens there (ECONNREFUSED)",
    ECONNRESET: "the connection was reset (ECONNRESET)",
    EAI_AGAIN: "the name cannot be looked up now (EAI_AGAIN)",
    ENOTFOUND: "there is no such host (ENOTFOUND)",
    UND_ERR_CONNECT_TIMEOUT: "no connection within the time limit",
    UND_ERR_HEADERS_TIMEOUT: "no answer within the time limit",
    UND_ERR_BODY_TIMEOUT: "the answer stopped in the middle",
    UND_ERR_SOCKET: "the connection was closed",
  };
  return known[code] ?? (code === "" ? messageOf(error) : code);
}
