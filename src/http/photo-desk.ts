import type { Answer } from '../classify/classifier.ts';
import type { ReceivedUpload } from '../image/receive.ts';
import type { Sender } from '../store/store.ts';
import type { Caller } from './caller.ts';
import type { HttpDependencies } from './dependencies.ts';

type DeskDependencies = Pick<
  HttpDependencies,
  'photos' | 'classifier' | 'recorder' | 'cache' | 'limits' | 'log'
>;

export interface Answered {
  readonly answer: Answer;
  /** Verified hash of the bytes. */
  readonly sha256: string;
  readonly durationMs: number;
}

/** What happens to one photo that has arrived: answered, then its writes in parallel, then the answer goes out. */
export function openPhotoDesk({ photos, classifier, recorder, cache, limits }: DeskDependencies) {
  /**
   * @param claimed the hash the caller says this photo has
   * @throws AppError recorded as a failed photo
   */
  async function answer(upload: ReceivedUpload, caller: Caller, claimed?: string): Promise<Answered> {
    const startedMs = performance.now();
    const { sha256 } = upload;
    const sizeBytes = upload.bytes.length;
    try {
      const photo = photos.open(upload);
      try {
        const answer = await classifier.classify(photo, caller.context);
        const durationMs = elapsed(startedMs);
        const recorded = recorder.answered(caller, { kind: 'upload', sha256, sizeBytes, durationMs }, answer);
        await atMost(
          limits.writeWaitMs,
          Promise.all([answer.written, recorded, claim(caller.sender, claimed, { answer, sha256 })]),
        );
        return { answer, sha256, durationMs };
      } finally {
        photo.close();
      }
    } catch (error) {
      refuse(error, caller, { sha256, sizeBytes, durationMs: elapsed(startedMs) });
      throw error;
    }
  }

  /** Files what a sender says about a photo that was answered. */
  async function claim(
    { claimant, network }: Sender,
    claimed: string | undefined,
    { answer, sha256: content }: Pick<Answered, 'answer' | 'sha256'>,
  ): Promise<void> {
    if (claimed === undefined || claimed.toLowerCase() === content) return;
    await answer.written;
    const { category } = answer.classification;
    await cache.claim({ claimant, network, claimed: claimed.toLowerCase(), content, category });
  }

  /** Records a photo that got no answer. */
  function refuse(
    error: unknown,
    caller: Caller,
    photo: { sha256?: string; sizeBytes?: number; durationMs: number },
  ): void {
    void recorder.failed(caller, { kind: 'upload', ...photo }, error);
  }

  return { answer, claim, refuse };
}

function elapsed(sinceMs: number): number {
  return Math.round(performance.now() - sinceMs);
}

/** Waits for a promise that never rejects, but no longer than that; it goes on. */
export async function atMost(limitMs: number, promise: Promise<unknown>): Promise<void> {
  const { promise: limit, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  await Promise.race([promise, limit]);
  clearTimeout(timer);
}
