/** Brings one blob from a repository to others: mounted where it can be, else read once and sent to all of them at once. */

import { AceError, toErrorData } from "../../errors.ts";
import type { LocalStore } from "../../layout/local-store.ts";
import type { Repository } from "../../registry/repository.ts";
import type { RepositoryAddress } from "../../registry/settings.ts";
import type { UploadSession } from "../../registry/upload-session.ts";
import type { CopyJob, TargetOutcome } from "../jobs.ts";
import { countMoved } from "../shared-state.ts";
import { isOneHost, uploadHost, wholeBytes } from "../turns.ts";
import { BytesAhead } from "./bytes-ahead.ts";
import { repositoryPieces } from "./repository-pieces.ts";
import { Tee } from "./tee.ts";
import { VerifyingBody, wrongAtSourceHint } from "./verifying-body.ts";
import type { WorkerContext } from "./worker-context.ts";

/** What is read, and then sent, where one connection does both. Bytes. */
const inTurnBytes = 8 * 1024 * 1024;

/** A target that needs the bytes. */
interface Pending {
  index: number;
  repository: Repository;
  session: UploadSession | undefined;
}

/** Never throws for one target alone: each has its own outcome. */
export async function copyBlob(job: CopyJob, context: WorkerContext): Promise<readonly TargetOutcome[]> {
  const outcomes: TargetOutcome[] = new Array(job.targets.length);
  let pending: Pending[] = [];
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
  // Bytes that turn out to be wrong have completed no upload: whoever got them gets others, all at once again.
  for (let origin = firstOrigin(job, context); pending.length > 0; ) {
    let refusal: AceError | undefined;
    const refused: Pending[] = [];
    for (const targets of roundsOf(pending)) {
      const sent = await send(job, context, origin, targets, outcomes);
      refusal ??= sent.refusal;
      refused.push(...sent.refused);
    }
    if (refusal === undefined) break;
    try {
      origin = origin.after(refusal);
    } catch (error) {
      for (const { index } of refused) outcomes[index] = { error: toErrorData(error) };
      break;
    }
    pending = refused.map((target) => ({ ...target, session: undefined }));
  }
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

/** Targets whose uploads go to different hosts, so that no two of them need connections to one; those left over come after them. */
function roundsOf(pending: readonly Pending[]): Pending[][] {
  const rounds: Map<string | undefined, Pending>[] = [];
  for (const target of pending) {
    const host = uploadHost(target.repository.address);
    const round = rounds.find((each) => !each.has(host));
    if (round === undefined) rounds.push(new Map([[host, target]]));
    else round.set(host, target);
  }
  return rounds.map((round) => [...round.values()]);
}

/** Where the bytes come from. */
interface Origin {
  name: string;
  hint: string;
  /** To the blob's end, or `end`. */
  pieces(offset: number, signal: AbortSignal, end?: number): AsyncIterable<Uint8Array>;
  /** The local store itself. */
  isStore: boolean;
  /**
   * Where they come from when these were wrong.
   * @throws AceError when they are not to be had
   */
  after(wrong: AceError): Origin;
}

function firstOrigin(job: CopyJob, context: WorkerContext): Origin {
  const holder = context.store.holderOf(job.descriptor);
  return holder === undefined ? registryOrigin(job, context) : storeOrigin(job, context, holder);
}

function storeOrigin(job: CopyJob, context: WorkerContext, holder: LocalStore): Origin {
  return {
    name: "the local store",
    hint: 'Empty it with "ace-dt util prune --size 0".',
    pieces: (offset) => holder.read(job.descriptor, offset),
    isStore: true,
    after: () => {
      context.store.dropDamaged(job.descriptor);
      return registryOrigin(job, context);
    },
  };
}

function registryOrigin(job: CopyJob, context: WorkerContext): Origin {
  const source = context.client.repository(job.source).blob(job.descriptor);
  const origin: Origin = {
    name: source.name,
    hint: wrongAtSourceHint,
    pieces: (offset, signal, end) => repositoryPieces(source, offset, signal, end),
    isStore: false,
    after: (wrong) => {
      if (!source.fetchAgain(wrong)) throw source.error;
      return origin;
    },
  };
  return origin;
}

/**
 * Sends the blob to several targets in step, with one reading.
 * @returns what was wrong with the bytes when they were, and the targets that did not take them therefore
 */
async function send(
  job: CopyJob,
  context: WorkerContext,
  origin: Origin,
  targets: readonly Pending[],
  outcomes: TargetOutcome[],
): Promise<{ refusal: AceError | undefined; refused: readonly Pending[] }> {
  let refusal: AceError | undefined;
  const refused: Pending[] = [];
  const tee = targets.length > 1 ? new Tee(targets.length, (signal) => origin.pieces(0, signal)) : undefined;
  // One taker's bytes are enough for the store.
  using keeping = origin.isStore ? undefined : context.store.keeping(job.descriptor);
  await Promise.all(
    targets.map(async (target, branch) => {
      const kept = branch === 0 ? keeping : undefined;
      let shared: AsyncIterable<Uint8Array> | undefined = tee?.branch(branch);
      const { index, repository, session } = target;
      // Over one connection a host gives and takes in turn.
      const inTurn =
        context.settings.shared.connections.most === 1 && isOneHost(job.source, repository.address);
      const ahead = new BytesAhead(
        (offset, end) => {
          // The shared reading serves the first try; a retry reads for itself, from where the target stands.
          const first = shared;
          shared = undefined;
          return first !== undefined && offset === 0 ? first : origin.pieces(offset, context.signal, end);
        },
        job.descriptor.size,
        inTurn ? Number.POSITIVE_INFINITY : wholeBytes,
      );
      const body = new VerifyingBody(job.descriptor, {
        name: origin.name,
        hint: origin.hint,
        counted: (bytes) => countMoved(context.settings.shared, bytes),
        observed: (bytes) => kept?.write(bytes),
        pieces: (offset) => ahead.pieces(offset),
        prepare: (offset, end) => ahead.prepare(offset, end),
      });
      try {
        const chunkBytes = inTurn ? Math.min(job.chunkBytes || inTurnBytes, inTurnBytes) : job.chunkBytes;
        await repository.uploadBlob(job.descriptor, body, { chunkBytes, session });
        outcomes[index] = { arrival: "moved" };
        await kept?.commit();
      } catch (error) {
        const wrong = body.wrong ?? (origin.isStore && isUnreadable(error) ? error : undefined);
        if (wrong !== undefined) {
          refusal = wrong;
          refused.push(target);
        }
        outcomes[index] = { error: toErrorData(error) };
      } finally {
        tee?.leave(branch);
        await ahead.close();
      }
    }),
  );
  return { refusal, refused };
}

/** A disk that does not give its bytes. */
function isUnreadable(error: unknown): error is AceError {
  return error instanceof AceError && error.code === "medium";
}
