import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Classifier, ClassifyContext } from '../classify/classifier.ts';
import { DeadlineError } from '../errors.ts';
import type { Photo } from '../image/photo.ts';
import type { HeldLease } from '../store/lease.ts';
import type { Store } from '../store/store.ts';
import type { ResultCache } from './result-cache.ts';
import { answerFrom } from './with-cache.ts';

export interface WithLeaseOptions {
  readonly leases: Pick<Store, 'acquireLeases' | 'renewLeases' | 'releaseLeases'>;
  readonly cache: Pick<ResultCache, 'findStored' | 'countHit' | 'addColour'>;
  /** Part of what the lease is on: processes of another version do other work. */
  readonly version: string;
  /** Another process takes over the lease of a process that died after that time. Default 8 s. */
  readonly ttlMs?: number;
  /** Outcome: this process made the call, another process did, or the store was down. */
  readonly onLease?: ((outcome: 'taken' | 'answered' | 'unavailable') => void) | undefined;
}

const lifetimeMs = 8_000;
const firstPauseMs = 40;
const longestPauseMs = 400;

/**
 * One call for a photo among all processes on one store: the holder of the lease calls `inner`. The others wait for
 * its result until their deadline, and take over when the holder fails or dies. Without the store no process waits.
 *
 * Two calls are possible where the holder stood still for longer than its lease. That does no harm: both answers are
 * true ones, and the fencing token keeps the late one from touching its successor's lease.
 */
export function withLease(inner: Classifier, options: WithLeaseOptions): Classifier {
  const { leases, cache, version, ttlMs = lifetimeMs, onLease } = options;

  /** Ignores a provisional answer: a better one is on its way. */
  async function found(photo: Photo, context: ClassifyContext): Promise<Answer | undefined> {
    const remembered = await cache.findStored(photo.sha256).catch(() => undefined);
    if (!remembered || remembered.isProvisional) return undefined;
    onLease?.('answered');
    return answerFrom(remembered, { photo, context, cache });
  }

  /** The lease, or another process's answer; undefined while the store is down. */
  async function leaseOrAnswer(
    photo: Photo,
    context: ClassifyContext,
  ): Promise<HeldLease | Answer | undefined> {
    const name = nameOf(version, photo.sha256, context.lane === 'album');
    const request = { name, owner: randomBytes(16).toString('hex'), ttlMs };
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
      const [state] = await leases.acquireLeases([request]).catch(() => []);
      if (state === undefined) return undefined;
      if (state.isOwn) return { ...request, token: state.token };
      await pause(Math.min(pauseMs, state.leftMs + 1), context);
      const answer = await found(photo, context);
      if (answer) return answer;
    }
  }

  async function callUnder(lease: HeldLease, photo: Photo, context: ClassifyContext) {
    const renewal = setInterval(() => void leases.renewLeases([lease]).catch(() => {}), ttlMs / 3);
    const release = async () => {
      clearInterval(renewal);
      await leases.releaseLeases([lease]).catch(() => {});
    };
    try {
      // The last holder may have written a result just before it released the lease.
      const answer = (await found(photo, context)) ?? (await ask(photo, context));
      // No caller waits for the release: a look-up finds the result before it would need the lease.
      void answer.written.then(release);
      return answer;
    } catch (error) {
      await release();
      throw error;
    }
  }

  function ask(...call: Parameters<Classifier['classify']>): Promise<Answer> {
    onLease?.('taken');
    return inner.classify(...call);
  }

  return {
    async classify(photo, context) {
      // A recheck needs a new answer.
      if (context.isRecheck) return inner.classify(photo, context);
      const held = await leaseOrAnswer(photo, context);
      if (held === undefined) {
        onLease?.('unavailable');
        return inner.classify(photo, context);
      }
      return 'token' in held ? callUnder(held, photo, context) : held;
    },
  };
}

/** Calls of the album lane may take an hour: no other call waits for their lease. */
function nameOf(version: string, sha256: string, isAlbum: boolean): string {
  return createHash('sha256')
    .update(`${version}/${sha256}${isAlbum ? '/album' : ''}`)
    .digest('hex');
}

/** @throws DeadlineError, or the signal's reason */
async function pause(pauseMs: number, { deadline, signal }: ClassifyContext): Promise<void> {
  const leftMs = deadline.leftMs();
  if (leftMs === 0) throw new DeadlineError();
  await sleep(Math.min(pauseMs, leftMs), undefined, { signal }).catch(() => signal.throwIfAborted());
}
