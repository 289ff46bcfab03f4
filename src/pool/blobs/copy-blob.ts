/** Brings one blob from a repository to others: mounted where it can be, else read once and sent to all of them at once. */
import type { RepositoryAddress } from "../../content/endpoint.ts";
import { AceError, toErrorData } from "../../errors.ts";
import type { LocalStore } from "../../layout/local-store.ts";
import type { Repository, UploadSession } from "../../registry/repository.ts";
import type { CopyJob, TargetOutcome } from "../jobs.ts";
import { countMoved } from "../shared-state.ts";
import { repositoryPieces } from "./repository-pieces.ts";
import type { Keeping } from "./store-access.ts";
import { Tee } from "./tee.ts";
import { VerifyingBody, wrongAtSourceHint } from "./verifying-body.ts";
import type { WorkerContext } from "./worker-context.ts";

/** A target that needs the bytes. */
interface Pending {
  index: number;
  repository: Repository;
  session: UploadSession | undefined;
}

/** Never throws for one target alone: each has its own outcome. */
export async function copyBlob(job: CopyJob, context: WorkerContext): Promise<readonly TargetOutcome[]> {
  const outcomes: TargetOutcome[] = new Array(job.targets.length);
  const pending: Pending[] = [];
  await Promise.all(
    job.targets.map(async (target, index) => {
      try {
        const repository = context.client.repository(target);
        const found = await findOrMount(job, target, repository);
        if ("arrival" in found) outcomes[index] = found;
        else pending.push({ index, repository, session: found.session });
      } catch (error) {
        outcomes[index] = { error: toErrorData(error) };
      }
    }),
  );
  const origin = originFor(job, context);
  const tee = pending.length > 1 ? new Tee(pending.length, (signal) => origin.pieces(0, signal)) : undefined;
  // One taker's bytes are enough for the store.
  using keeping =
    origin.holder === undefined && pending.length > 0 ? context.store.keeping(job.descriptor) : undefined;
  await Promise.all(
    pending.map(async ({ index, repository, session }, branch) => {
      try {
        const target = { repository, session };
        const kept = branch === 0 ? keeping : undefined;
        await send(job, context, origin, target, tee?.branch(branch), kept);
        outcomes[index] = { arrival: "moved" };
        await kept?.commit();
      } catch (error) {
        outcomes[index] = { error: toErrorData(error) };
      } finally {
        tee?.leave(branch);
      }
    }),
  );
  return outcomes;
}

/** Where the bytes come from. */
interface Origin {
  name: string;
  hint: string;
  pieces(offset: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** The local store, when it is that. */
  holder: LocalStore | undefined;
}

function originFor(job: CopyJob, context: WorkerContext): Origin {
  const holder = context.store.holderOf(job.descriptor);
  if (holder === undefined) return registryOrigin(job, context);
  const pieces = (offset: number) => holder.read(job.descriptor, offset);
  return { name: "the local store", hint: 'Empty it with "ace-dt util prune --size 0".', pieces, holder };
}

function registryOrigin(job: CopyJob, context: WorkerContext): Origin {
  const source = context.client.repository(job.source);
  const pieces = (offset: number, signal: AbortSignal) =>
    repositoryPieces(source, job.descriptor, offset, signal);
  return { name: source.name, hint: wrongAtSourceHint, pieces, holder: undefined };
}

/** The blob may be at the target already, or come there by a mount. */
async function findOrMount(
  job: CopyJob,
  target: RepositoryAddress,
  repository: Repository,
): Promise<{ arrival: "skipped" | "mounted" } | { session: UploadSession | undefined }> {
  if (sameRegistry(job.source, target)) {
    if (job.source.repository === target.repository) return { arrival: "skipped" };
    if (await repository.hasBlob(job.descriptor)) return { arrival: "skipped" };
    const mount = await repository.mountBlob(job.descriptor, job.source.repository);
    return mount.mounted ? { arrival: "mounted" } : { session: mount.session };
  }
  return (await repository.hasBlob(job.descriptor)) ? { arrival: "skipped" } : { session: undefined };
}

/** Mounts work inside one registry: the same name, or different names for the same endpoint. */
function sameRegistry(a: RepositoryAddress, b: RepositoryAddress): boolean {
  return (
    a.settings.registry === b.settings.registry ||
    a.settings.endpoints[0]?.url === b.settings.endpoints[0]?.url
  );
}

/** A blob that the store has, but damaged or unreadable, is read from the registry after all: no target has completed it. */
async function send(
  job: CopyJob,
  context: WorkerContext,
  origin: Origin,
  target: Pick<Pending, "repository" | "session">,
  shared: AsyncIterable<Uint8Array> | undefined,
  keeping: Keeping | undefined,
): Promise<void> {
  let branch = shared;
  const body = new VerifyingBody(job.descriptor, {
    name: origin.name,
    hint: origin.hint,
    counted: (bytes) => countMoved(context.settings.shared, bytes),
    observed: (bytes) => keeping?.write(bytes),
    pieces: (offset) => {
      // The shared reading serves the first try; a retry reads for itself, from where the target stands.
      const first = branch;
      branch = undefined;
      return first !== undefined && offset === 0 ? first : origin.pieces(offset, context.signal);
    },
  });
  const { repository, session } = target;
  try {
    await repository.uploadBlob(job.descriptor, body, {
      chunkBytes: job.chunkBytes,
      ...(session === undefined ? {} : { session }),
    });
  } catch (error) {
    if (origin.holder === undefined || !isBadBlob(error)) throw error;
    context.store.dropDamaged(job.descriptor);
    using again = context.store.keeping(job.descriptor);
    const fresh = { repository, session: undefined };
    await send(job, context, registryOrigin(job, context), fresh, undefined, again);
    await again.commit();
  }
}

/** Wrong bytes, or a disk that does not give them. */
function isBadBlob(error: unknown): boolean {
  return error instanceof AceError && (error.code === "digest" || error.code === "medium");
}
