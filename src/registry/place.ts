/** A repository at one endpoint: what every function of this room works on. */
import { AceError } from "../errors.ts";
import { type Access, repositoryScope } from "./auth/scope.ts";
import type { Endpoint } from "./endpoint.ts";
import { replyError } from "./failures.ts";
import type { Reply } from "./http/exchange.ts";
import type { Signals } from "./http/stop.ts";

/** A repository at one endpoint. */
export interface Place {
  endpoint: Endpoint;
  /** Path of the repository at the endpoint. */
  repository: string;
  /** `registry/repository` for messages. */
  name: string;
  /** The client's, and the call's own. */
  signals: Signals;
}

/** The same place with one more signal to heed. */
export function withSignal(place: Place, signal: AbortSignal | undefined): Place {
  return signal === undefined ? place : { ...place, signals: [...place.signals, signal] };
}

/** The path of something below the repository, as in `/v2/name/blobs/...`. */
export function pathOf(place: Place, rest: string): string {
  return `/v2/${place.repository}/${rest}`;
}

/** The token scopes for one kind of access. */
export function scopesOf(place: Place, access: Access): readonly string[] {
  return [repositoryScope(place.repository, access)];
}

/** The error for an answer that was not the wanted one. */
export function failureAt(
  place: Place,
  act: string,
  subject: string,
  access: Access,
  reply: Reply,
): AceError {
  const { endpoint, name } = place;
  return replyError(
    { act, subject, access, repository: name, who: endpoint.auth.who, endpoint: endpoint.settings },
    reply,
  );
}

/**
 * Asks the endpoints in order: the next one when one is unreachable or has no such thing.
 * @throws AceError of the first endpoint, with what the others said as details
 */
export async function askInOrder<T>(places: readonly Place[], ask: (place: Place) => Promise<T>): Promise<T> {
  const failures: AceError[] = [];
  for (const place of places) {
    try {
      return await ask(place);
    } catch (error) {
      if (!(error instanceof AceError) || !isWorthAnother(error)) throw error;
      failures.push(error);
      if (failures.length < places.length) {
        place.endpoint.notice("info", `${error.message}; asking the next endpoint`);
      }
    }
  }
  const [first, ...others] = failures;
  if (first === undefined) throw new AceError("internal", "Cannot ask a registry without endpoints");
  if (others.length === 0) throw first;
  throw new AceError(first.code, first.message, {
    cause: first,
    details: others.map((other) => other.message),
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  });
}

function isWorthAnother(error: AceError): boolean {
  return error.code === "network" || error.code === "not-found";
}
