/** The embedded registry inside the test's own process, and raw requests to it. */
import * as v from "valibot";
import { type ServeOptions, serveRegistry } from "../../src/server/serve-registry.ts";

/** A registry in this process. */
export interface EmbeddedRegistry extends AsyncDisposable {
  origin: string;
  /** What it had to say to its operator. */
  notices: string[];
  /** One request; the path begins with `/`. */
  send(method: string, path: string, init?: Omit<RequestInit, "method">): Promise<Response>;
  close(): Promise<void>;
}

/** Starts one on a free port of 127.0.0.1. */
export async function embedded(options: Partial<ServeOptions> = {}): Promise<EmbeddedRegistry> {
  const notices: string[] = [];
  const registry = await serveRegistry({
    listen: "127.0.0.1:0",
    readOnly: false,
    onNotice: (text) => notices.push(text),
    ...options,
  });
  return {
    origin: registry.url,
    notices,
    send: (method, path, init) => fetch(`${registry.url}${path}`, { ...init, method }),
    close: () => registry.close(),
    [Symbol.asyncDispose]: () => registry.close(),
  };
}

/** distribution-spec "Error Codes". */
const errorBody = v.strictObject({
  errors: v.strictTuple([
    v.strictObject({ code: v.string(), message: v.pipe(v.string(), v.minLength(1)), detail: v.unknown() }),
  ]),
});

/** The code of the one error in an answer's body. */
export async function errorCode(response: Response): Promise<string> {
  const { errors } = v.parse(errorBody, await response.json());
  return errors[0].code;
}

/** The entries of an index in an answer's body. */
export async function manifestsIn(response: Response): Promise<readonly unknown[]> {
  return v.parse(v.object({ manifests: v.array(v.unknown()) }), await response.json()).manifests;
}
