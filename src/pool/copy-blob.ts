/** Brings one blob from a repository to others: mounted where it can be, else read once and sent to all of them at once. */
import type { RepositoryAddress } from "../content/endpoint.ts";
import { toErrorData } from "../errors.ts";
import type { Repository, UploadSession } from "../registry/repository.ts";
import type { CopyJob, TargetOutcome } from "./jobs.ts";
import { repositoryPieces } from "./repository-pieces.ts";
import { countMoved } from "./shared-state.ts";
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
  const source = context.client.repository(job.source);
  const tee =
    pending.length > 1
      ? new Tee(pending.length, (signal) => repositoryPieces(source, job.descriptor, 0, signal))
      : undefined;
  await Promise.all(
    pending.map(async ({ index, repository, session }, branch) => {
      try {
        await send(job, context, source, repository, session, tee?.branch(branch));
        outcomes[index] = { arrival: "moved" };
      } catch (error) {
        outcomes[index] = { error: toErrorData(error) };
      } finally {
        tee?.leave(branch);
      }
    }),
  );
  return outcomes;
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

async function send(
  job: CopyJob,
  context: WorkerContext,
  source: Repository,
  target: Repository,
  session: UploadSession | undefined,
  shared: AsyncIterable<Uint8Array> | undefined,
): Promise<void> {
  let branch = shared;
  const body = new VerifyingBody(job.descriptor, {
    name: source.name,
    hint: wrongAtSourceHint,
    counted: (bytes) => countMoved(context.settings.shared, bytes),
    pieces: (offset) => {
      // The shared reading serves the first try; a retry reads for itself, from where the target stands.
      const first = branch;
      branch = undefined;
      return first !== undefined && offset === 0
        ? first
        : repositoryPieces(source, job.descriptor, offset, context.signal);
    },
  });
  await target.uploadBlob(job.descriptor, body, {
    chunkBytes: job.chunkBytes,
    ...(session === undefined ? {} : { session }),
  });
}
