import type { Remembered, ResultCache } from '../cache/result-cache.ts';
import type { Answer, Classifier } from '../classify/classifier.ts';
import type { OpenPhotos } from '../image/open-photos.ts';
import type { ReceivedUpload } from '../image/upload/receive.ts';
import type { CallerIdentity } from '../store/records.ts';
import type { Caller } from './caller.ts';
import type { PhotoRecorder } from './pending-records.ts';
import { waitForWrites } from './wait-for-writes.ts';

export interface PhotoClassifierParts {
  readonly photos: Pick<OpenPhotos, 'open'>;
  /** The whole pipeline. */
  readonly classifier: Classifier;
  readonly cache: Pick<ResultCache, 'correction' | 'claim'>;
  readonly recorder: PhotoRecorder;
}

export interface PhotoResult {
  readonly answer: Answer;
  /** Verified hash of the bytes. */
  readonly sha256: string;
  readonly durationMs: number;
  /** The category that the caller once gave as right. */
  readonly corrected?: string;
}

export type PhotoClassifier = ReturnType<typeof openPhotoClassifier>;

/** The use case of one uploaded photo: classify it, record it, and write claims in parallel. */
export function openPhotoClassifier({ photos, classifier, recorder, cache }: PhotoClassifierParts) {
  /**
   * @param claimed the hash that the caller states for this photo
   * @throws AppError recorded as a failed photo
   */
  async function classify(upload: ReceivedUpload, caller: Caller, claimed?: string): Promise<PhotoResult> {
    const startedMs = performance.now();
    const { sha256 } = upload;
    const sizeBytes = upload.bytes.length;
    try {
      const photo = photos.open(upload);
      try {
        const { claimant } = caller.identity;
        const [given, ownCorrection] = await Promise.all([
          classifier.classify(photo, caller.context),
          cache.correction(sha256, claimant),
        ]);
        const { original } = given;
        const correction =
          ownCorrection ?? (original ? await cache.correction(original, claimant) : undefined);
        const answer = correction ? corrected(given, correction) : given;
        const durationMs = elapsed(startedMs);
        const category = correction?.result.category;
        const result = { answer, sha256, durationMs, ...(category && { corrected: category }) };
        recorder.answered(caller, { kind: 'upload', sha256, sizeBytes, durationMs }, answer);
        const claims = [claim(caller.identity, claimed, result), claimCopy(caller.identity, result)];
        await waitForWrites([answer.written, ...claims]);
        return result;
      } finally {
        photo.close();
      }
    } catch (error) {
      recordFailure(error, caller, { sha256, sizeBytes, durationMs: elapsed(startedMs) });
      throw error;
    }
  }

  /** Stores the hash that a caller states for a photo, where it is not the photo's own. */
  async function claim(
    identity: CallerIdentity,
    claimed: string | undefined,
    result: PhotoResult,
  ): Promise<void> {
    if (claimed !== undefined && claimed.toLowerCase() !== result.sha256)
      await saveClaim(identity, claimed.toLowerCase(), result);
  }

  /** A copy has no result of its own: its caller finds the original's by the hash of the copy. */
  async function claimCopy(identity: CallerIdentity, result: PhotoResult): Promise<void> {
    if (result.answer.original !== undefined) await saveClaim(identity, result.sha256, result);
  }

  async function saveClaim(
    { claimant }: CallerIdentity,
    hash: string,
    { answer, sha256, corrected }: PhotoResult,
  ) {
    const content = answer.original ?? sha256;
    await answer.written;
    await cache.claim({ claimant, claimed: hash, content, ...(corrected && { corrected }) });
  }

  function recordFailure(
    error: unknown,
    caller: Caller,
    photo: { sha256?: string; sizeBytes?: number; durationMs: number },
  ): void {
    recorder.failed(caller, { kind: 'upload', ...photo }, error);
  }

  return { classify, claim, recordFailure };
}

/** The caller's own category, with the colour of the photo. */
function corrected({ better: _, ...given }: Answer, { result, from }: Remembered): Answer {
  const { colour } = given.classification;
  const classification = { ...result, ...(colour !== undefined && { colour }) };
  return { ...given, classification, from, degraded: false };
}

function elapsed(sinceMs: number): number {
  return Math.round(performance.now() - sinceMs);
}
