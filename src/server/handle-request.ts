/** One request to the registry: who asks, what about, may they; then the endpoint; then what every answer carries. */
import { AceError, messageOf, systemCodeOf } from "../errors.ts";
import { deleteBlob, getBlob } from "./blobs-endpoint.ts";
import { listReferrers, listRepositories, listTags } from "./lists-endpoint.ts";
import { deleteManifest, getManifest, type ManifestState, putManifest } from "./manifests-endpoint.ts";
import { refuse } from "./refuse.ts";
import { parseRoute, type Route } from "./route.ts";
import { appendToUpload, beginUpload, cancelUpload, finishUpload, uploadStatus } from "./uploads-endpoint.ts";

/** A registry as requests see it. */
export interface RequestContext extends ManifestState {
  readOnly: boolean;
  /** True for a request with the right name and password; undefined when none are needed. */
  authorize: ((header: string | null) => Promise<boolean>) | undefined;
  onNotice: (text: string) => void;
}

type Endpoint = () => Response | Promise<Response>;

/** Answers a request. Never rejects. */
export async function handleRequest(context: RequestContext, request: Request): Promise<Response> {
  const response = await answer(context, request);
  response.headers.set("Docker-Distribution-Api-Version", "registry/2.0");
  response.headers.set("X-Content-Type-Options", "nosniff");
  return response;
}

async function answer(context: RequestContext, request: Request): Promise<Response> {
  try {
    if (context.authorize !== undefined && !(await context.authorize(request.headers.get("Authorization")))) {
      return refuse(401, "UNAUTHORIZED", "name and password wanted", [], {
        "WWW-Authenticate": 'Basic realm="ace-dt registry", charset="UTF-8"',
      });
    }
    const url = new URL(request.url);
    const route = parseRoute(url.pathname);
    if (route instanceof Response) return route;
    const methods = endpointsOf(context, route, url, request);
    const endpoint = methods[request.method];
    if (endpoint === undefined) return notAllowed(Object.keys(methods), "the endpoint has no such method");
    if (context.readOnly && request.method !== "GET" && request.method !== "HEAD") {
      return notAllowed(["GET", "HEAD"], "this registry is read-only");
    }
    return await endpoint();
  } catch (error) {
    return failure(error, request, context.onNotice);
  }
}

function endpointsOf(
  context: RequestContext,
  route: Route,
  url: URL,
  request: Request,
): Readonly<Record<string, Endpoint>> {
  const reading = (endpoint: Endpoint) => ({ GET: endpoint, HEAD: endpoint });
  switch (route.kind) {
    case "ping":
      return reading(() => Response.json({}));
    case "catalog":
      return reading(() => listRepositories(context, url));
    case "tags":
      return reading(() => listTags(context, route.repository, url));
    case "referrers":
      return reading(() => listReferrers(context, route.repository, route.reference, url));
    case "manifest":
      return {
        ...reading(() => getManifest(context, route.repository, route.reference, request)),
        PUT: () => putManifest(context, route.repository, route.reference, url, request),
        DELETE: () => deleteManifest(context, route.repository, route.reference),
      };
    case "blob":
      return {
        ...reading(() => getBlob(context, route.repository, route.reference, request)),
        DELETE: () => deleteBlob(context, route.repository, route.reference),
      };
    case "uploads":
      return { POST: () => beginUpload(context, route.repository, url, request) };
    case "upload":
      return {
        GET: () => uploadStatus(context, route.repository, route.reference),
        PATCH: () => appendToUpload(context, route.repository, route.reference, request),
        PUT: () => finishUpload(context, route.repository, route.reference, url, request),
        DELETE: () => cancelUpload(context, route.repository, route.reference),
      };
  }
}

function notAllowed(methods: readonly string[], why: string): Response {
  return refuse(405, "UNSUPPORTED", why, {}, { Allow: methods.join(", ") });
}

function failure(error: unknown, request: Request, onNotice: (text: string) => void): Response {
  // The client went away in mid-body; nobody reads this answer.
  if (error instanceof Error && error.name === "AbortError") return new Response(null, { status: 400 });
  onNotice(`Cannot answer ${request.method} ${new URL(request.url).pathname}: ${messageOf(error)}`);
  if (systemCodeOf(error) === "ENOSPC" || systemCodeOf(error) === "EDQUOT") {
    return refuse(507, "UNKNOWN", "the registry's disk is full");
  }
  const isDamage = error instanceof AceError && (error.code === "digest" || error.code === "input");
  return refuse(
    500,
    "UNKNOWN",
    isDamage ? "the registry's storage is damaged" : "the registry failed; see its output",
  );
}
