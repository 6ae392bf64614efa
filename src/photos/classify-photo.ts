import type { Remembered } from '../cache/result-cache.ts';
import type { Answer } from '../classify/classifier.ts';
import type { Caller } from '../http/access/caller.ts';
import type { HttpDependencies } from '../http/dependencies.ts';
import type { ReceivedUpload } from '../image/upload/receive.ts';
import type { Recorder } from '../stats/recorder.ts';
import type { Sender } from '../store/records.ts';

type DeskDependencies = Pick<HttpDependencies, 'photos' | 'classifier' | 'cache' | 'log'> & {
  readonly recorder: Pick<Recorder, 'answered' | 'failed'>;
};

export interface Answered {
  readonly answer: Answer;
  /** Verified hash of the bytes. */
  readonly sha256: string;
  readonly durationMs: number;
}

export type PhotoDesk = ReturnType<typeof openPhotoDesk>;

/** What happens to one photo that has arrived: answered, then its writes in parallel, then the answer goes out. */
export function openPhotoDesk({ photos, classifier, recorder, cache }: DeskDependencies) {
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
        const [said, corrected] = await Promise.all([
          classifier.classify(photo, caller.context),
          cache.correction(sha256, caller.sender.claimant),
        ]);
        const answer = corrected ? correctedAnswer(said, corrected) : said;
        const durationMs = elapsed(startedMs);
        const answered = { answer, sha256, durationMs };
        recorder.answered(caller, { kind: 'upload', sha256, sizeBytes, durationMs }, answer);
        const filed = [claim(caller.sender, claimed, answered), fileCopy(caller.sender, answered)];
        await atMost(writeWaitMs, Promise.all([answer.written, ...filed]));
        return answered;
      } finally {
        photo.close();
      }
    } catch (error) {
      refuse(error, caller, { sha256, sizeBytes, durationMs: elapsed(startedMs) });
      throw error;
    }
  }

  /** Files what a sender says about a photo that was answered. */
  async function claim(sender: Sender, claimed: string | undefined, answered: Answered): Promise<void> {
    if (claimed !== undefined && claimed.toLowerCase() !== answered.sha256)
      await file(sender, claimed.toLowerCase(), answered);
  }

  /** A copy has no result of its own: its sender finds that of the original by the copy's hash. */
  async function fileCopy(sender: Sender, answered: Answered): Promise<void> {
    if (answered.answer.saidOf !== undefined) await file(sender, answered.sha256, answered);
  }

  async function file({ claimant }: Sender, hash: string, { answer, sha256 }: Answered) {
    const content = answer.saidOf ?? sha256;
    await answer.written;
    await cache.claim({ claimant, claimed: hash, content });
  }

  /** Records a photo that got no answer. */
  function refuse(
    error: unknown,
    caller: Caller,
    photo: { sha256?: string; sizeBytes?: number; durationMs: number },
  ): void {
    recorder.failed(caller, { kind: 'upload', ...photo }, error);
  }

  return { answer, claim, refuse };
}

/** The sender's own word, with the colour that the photo has whatever anybody says of it. */
function correctedAnswer(said: Answer, { result, from }: Remembered): Answer {
  const { colour } = said.classification;
  const classification = { ...result, ...(colour !== undefined && { colour }) };
  return { ...said, classification, from, degraded: false };
}

function elapsed(sinceMs: number): number {
  return Math.round(performance.now() - sinceMs);
}

/** How long an answer waits for its new result and claim, which go on. */
export const writeWaitMs = 250;

/** Waits for a promise that never rejects, but no longer than that; it goes on. */
export async function atMost(limitMs: number, promise: Promise<unknown>): Promise<void> {
  const { promise: limit, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  await Promise.race([promise, limit]);
  clearTimeout(timer);
}
