/** A repository at one endpoint: what every request of this room is sent to. */
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { repositoryScope } from "./auth/tokens.ts";
import type { ApiRequest, Endpoint } from "./endpoint.ts";
import { headerOf, type Reply } from "./http/exchange.ts";
import { type Access, replyError } from "./http/failures.ts";
import type { Signals } from "./http/stop.ts";

/** Plain but for the endpoint, which is shared with other repositories. */
export class RepositoryAtEndpoint {
  readonly endpoint: Endpoint;
  /** Path of the repository at the endpoint. */
  readonly repository: string;
  /** `registry/repository` for messages. */
  readonly name: string;
  /** The client's, and the call's own. */
  readonly signals: Signals;

  constructor(endpoint: Endpoint, repository: string, name: string, signals: Signals = [endpoint.signal]) {
    this.endpoint = endpoint;
    this.repository = repository;
    this.name = name;
    this.signals = signals;
  }

  /** The same with one more signal to heed. */
  with(signal: AbortSignal | undefined): RepositoryAtEndpoint {
    if (signal === undefined) return this;
    return new RepositoryAtEndpoint(this.endpoint, this.repository, this.name, [...this.signals, signal]);
  }

  /** The same for what has to be done although the work was stopped. */
  unstopped(): RepositoryAtEndpoint {
    return new RepositoryAtEndpoint(this.endpoint, this.repository, this.name, []);
  }

  /** {@link Endpoint.send} with this one's signals. */
  send(request: ApiRequest): Promise<Reply> {
    return this.endpoint.send(request, this.signals);
  }

  /** {@link Endpoint.perform} with this one's signals. */
  perform(request: ApiRequest, ...more: Signals): Promise<Reply> {
    return this.endpoint.perform(request, [...this.signals, ...more]);
  }

  /** The path of something below the repository, as in `/v2/name/blobs/...`. */
  path(rest: string): string {
    return `/v2/${this.repository}/${rest}`;
  }

  /** The token scopes for one kind of access. */
  scopes(access: Access): readonly string[] {
    return [repositoryScope(this.repository, access)];
  }

  /**
   * The error for an answer that was not the wanted one.
   * @param act `read`, `push`, `upload`, ...
   * @param subject as in `manifest host/name:tag`
   */
  failure(act: string, subject: string, access: Access, reply: Reply): AceError {
    const { endpoint, name } = this;
    return replyError(
      { act, subject, access, repository: name, who: endpoint.auth.who, endpoint: endpoint.settings },
      reply,
    );
  }

  /**
   * True when the repository has the blob, with the descriptor's size. Asked before an upload, so with the token for one.
   * @throws AceError `denied` (403), `network`; `digest` when it is there with another size
   */
  async hasBlob(descriptor: Descriptor): Promise<boolean> {
    const { digest, size } = descriptor;
    const subject = `blob ${digest} of ${this.name}`;
    const target = this.path(`blobs/${digest}`);
    const reply = await this.send({ method: "HEAD", target, subject, scopes: this.scopes("push") });
    // Who may only push may not look (401); the upload will tell.
    if (reply.status === 404 || reply.status === 401) return false;
    if (reply.status !== 200) throw this.failure("look for", subject, "push", reply);
    const length = headerOf(reply.headers, "content-length");
    if (length === undefined || Number(length) === size) return true;
    throw new AceError(
      "digest",
      `Cannot use ${subject}: the registry has it with ${length} bytes, its descriptor says ${size}`,
    );
  }
}
