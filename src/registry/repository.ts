/** A repository in a registry: what is read is asked of its endpoints in order, what is written goes to the first. */
import * as v from "valibot";
import type { ManifestCache, ManifestSource, ManifestStore, ReferrerSource } from "../content/storage.ts";
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { manifestLimitBytes, type RawManifest } from "../oci/manifest.ts";
import { repositoryScope } from "./auth/tokens.ts";
import { Candidates } from "./candidates.ts";
import type { Endpoint } from "./endpoint.ts";
import { isCut } from "./http/attempts.ts";
import { problemsOf } from "./http/problems.ts";
import { fetchByDescriptor, fetchByTarget, isManifestThere, resolveManifest } from "./manifests.ts";
import { eachPage } from "./pages.ts";
import { BlobSource } from "./read-blob.ts";
import { pushWithReferrers, readReferrers } from "./referrers.ts";
import { RepositoryAtEndpoint } from "./repository-at-endpoint.ts";
import type { RepositoryAddress } from "./settings.ts";
import { sendBlob, type UploadOptions } from "./upload-blob.ts";
import type { BlobBody } from "./upload-part.ts";
import { cancelSession, sessionOf, type UploadSession } from "./upload-session.ts";

/** A refused mount often comes with an open upload session: pass it to `uploadBlob`, or cancel it. */
export type MountResult = { mounted: true } | { mounted: false; session?: UploadSession };

/** Tags a page; ECR refuses more. */
const tagsPerPage = 1000;

// Go writes an empty list as null.
const tagList = v.object({ tags: v.nullish(v.array(v.string())) });

/**
 * Every method may throw AceErrors: `denied`, `not-found`, `network` (after the retries), `registry` (an answer that breaks the
 * protocol), `digest`, and `stopped` or the signal's own reason.
 */
export class Repository implements ManifestSource, ReferrerSource, ManifestStore {
  readonly address: RepositoryAddress;
  /** `registry/repository` for messages. */
  readonly name: string;
  readonly #endpoints: readonly RepositoryAtEndpoint[];
  readonly #cache: ManifestCache | undefined;

  /** @param endpoints in the order in which they are tried; shared, not owned */
  constructor(
    address: RepositoryAddress,
    endpoints: readonly Endpoint[],
    cache: ManifestCache | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.address = address;
    this.#cache = cache;
    const { repository } = address;
    const name = `${address.settings.registry}/${repository}`;
    this.name = name;
    this.#endpoints = endpoints.map((endpoint) =>
      new RepositoryAtEndpoint(endpoint, repository, name).with(signal),
    );
  }

  /** The descriptor behind a tag or digest. */
  resolve(target: string): Promise<Descriptor> {
    return this.#ask((at) => resolveManifest(at, target));
  }

  async fetchManifest(descriptor: Descriptor): Promise<RawManifest> {
    const known = await this.#cache?.find(descriptor);
    if (known !== undefined) return { descriptor, bytes: known };
    const manifest = await this.#ask((at) => fetchByDescriptor(at, descriptor));
    this.#cache?.keep(manifest);
    return manifest;
  }

  /** The manifest behind a tag or digest, with one GET. */
  fetchTarget(target: string): Promise<RawManifest> {
    return this.#ask((at) => fetchByTarget(at, target));
  }

  async hasManifest(descriptor: Descriptor): Promise<boolean> {
    return isManifestThere(this.#first(), descriptor);
  }

  async pushManifest(manifest: RawManifest, tag?: string): Promise<void> {
    await pushWithReferrers(this.#first(), manifest, tag);
  }

  /** Descriptors of the manifests whose subject is `digest`, each once, sorted by digest. */
  listReferrers(digest: Digest): Promise<readonly Descriptor[]> {
    return this.#ask((at) => readReferrers(at, digest));
  }

  /** Every tag, sorted: docker-registry 2.8 answers in any order. None when the repository does not exist. */
  async listTags(): Promise<readonly string[]> {
    const subject = `tags of ${this.name}`;
    return this.#ask(async (at) => {
      const tags = new Set<string>();
      const request = {
        method: "GET",
        target: at.path(`tags/list?n=${tagsPerPage}`),
        subject,
        scopes: at.scopes("pull"),
        headers: { accept: "application/json" },
        bodyLimitBytes: manifestLimitBytes,
        isCut,
      } as const;
      await eachPage(at, request, (reply) => {
        if (reply.status === 404 && problemsOf(reply).some(({ code }) => code === "NAME_UNKNOWN"))
          return false;
        if (reply.status !== 200) throw at.failure("list", subject, "pull", reply);
        const text = new TextDecoder().decode(reply.body);
        const result = v.safeParse(v.pipe(v.string(), v.parseJson(), tagList), text);
        if (!result.success)
          throw new AceError("registry", `Cannot list ${subject}: the answer is no tag list`);
        for (const tag of result.output.tags ?? []) tags.add(tag);
        return true;
      });
      return [...tags].sort();
    });
  }

  /** True when the first endpoint, the one that pushes go to, has the blob, with the descriptor's size. */
  async hasBlob(descriptor: Descriptor): Promise<boolean> {
    return this.#first().hasBlob(descriptor);
  }

  /**
   * Asks the registry to take the blob over from another of its repositories (distribution-spec end-11). One that will not do it is no
   * failure.
   * @param from path of that repository at the endpoint
   */
  async mountBlob({ digest }: Descriptor, from: string): Promise<MountResult> {
    const at = this.#first();
    const query = `mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
    const reply = await at.send({
      method: "POST",
      target: at.path(`blobs/uploads/?${query}`),
      subject: `blob ${digest} from ${from} to ${this.name}`,
      // Both in one token, the destination first.
      scopes: [...at.scopes("push"), repositoryScope(from, "pull")],
      headers: { "content-type": "application/octet-stream" },
    });
    if (reply.status === 201) return { mounted: true };
    if (reply.status === 202) return { mounted: false, session: sessionOf(at, reply) };
    const text = `blob ${digest} not mounted from ${from}: the registry answered ${reply.status}`;
    at.endpoint.notice("debug", text);
    return { mounted: false };
  }

  /**
   * A blob to be read.
   * @param lastFirst the endpoint that would be asked first gave wrong bytes before: it is asked last
   */
  blob(descriptor: Descriptor, { lastFirst = false }: { lastFirst?: boolean | undefined } = {}): BlobSource {
    const [first, ...others] = this.#endpoints;
    const endpoints = lastFirst && first !== undefined ? [...others, first] : this.#endpoints;
    return new BlobSource(endpoints, this.name, descriptor);
  }

  /** Uploads a blob; see {@link sendBlob}. */
  async uploadBlob(descriptor: Descriptor, body: BlobBody, options: UploadOptions = {}): Promise<void> {
    await sendBlob(this.#first().with(options.signal), descriptor, body, options);
  }

  /** Gives up a session that is not used; never fails. */
  async cancelUpload(session: UploadSession): Promise<void> {
    await cancelSession(this.#first(), session);
  }

  #ask<T>(ask: (at: RepositoryAtEndpoint) => Promise<T>): Promise<T> {
    return new Candidates(this.#endpoints).ask(ask);
  }

  #first(): RepositoryAtEndpoint {
    const [first] = this.#endpoints;
    if (first !== undefined) return first;
    throw new AceError("config", `Cannot use ${this.name}: its registry has no endpoint`);
  }
}
