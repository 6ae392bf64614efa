import { createHash } from 'node:crypto';
import type { Answer } from '../../classify/classifier.ts';
import type { PhotoAnswer } from '../../client/answer.ts';
import { ClientError } from '../../client/client-error.ts';
import type { Sending, Transport } from '../../client/transport.ts';
import { AppError, TooManyPixelsError, VisionError } from '../../errors.ts';
import { newRequestId } from '../../http/access/caller.ts';
import { photoData } from '../../http/answer-schemas.ts';
import { receivedUpload } from '../../image/upload/receive.ts';
import type { Say } from '../../messages/text.ts';
import type { Caller } from '../../photos/caller.ts';
import { openPhotoClassifier } from '../../photos/classify-photo.ts';
import { openHashLookup } from '../../photos/look-up-hashes.ts';
import { deadlineIn } from '../../resilience/deadline.ts';
import type { Services } from '../../services.ts';
import { identityOf } from '../../stats/caller-identity.ts';

export interface InProcess extends Transport {
  /** Whether an LLM has said what this photo shows, now or earlier. */
  isByLlm(hash: string): boolean;
}

/** The server's own parts without a server: same cache, same models, same records. */
export function inProcess(
  services: Services,
  {
    photoMs,
    lane,
    onFailure,
    say,
  }: {
    readonly photoMs: number;
    readonly lane: 'album' | undefined;
    readonly onFailure: () => void;
    readonly say: Say;
  },
): InProcess {
  const classifier = openPhotoClassifier(services);
  const lookup = openHashLookup(services);
  const identity = identityOf({ address: '127.0.0.1' });
  const byLlm = new Set<string>();

  const callerUntil = (signal: AbortSignal = new AbortController().signal): Caller => ({
    identity,
    requestId: newRequestId(),
    elapsedMs: () => 0,
    // No other caller exists: no single photos have to go first, and no photos of others are in the album.
    context: {
      deadline: deadlineIn(photoMs),
      signal,
      lane: (services.albumLane && lane) ?? 'single',
      album: identity.claimant,
    },
  });

  function answerFor(
    hash: string,
    answer: Pick<Answer, 'classification' | 'from' | 'degraded' | 'better'>,
  ): PhotoAnswer {
    if (answer.classification.method === 'llm') byLlm.add(hash);
    const { inference_method, background_color, better_answer, ...data } = photoData(answer, services);
    return {
      ...data,
      ...(background_color !== undefined && { backgroundColor: background_color }),
      inferenceMethod: inference_method,
      ...(better_answer !== undefined && { betterAnswer: better_answer }),
    };
  }

  async function classifyOne(
    { photo, hash }: Sending,
    signal: AbortSignal | undefined,
  ): Promise<PhotoAnswer> {
    const { fileBytes } = services.limits;
    if ((photo.sizeBytes ?? 0) > fileBytes)
      throw new ClientError(
        'file_too_large',
        say('The file is larger than {limit} MB. MAX_IMAGE_SIZE_MB sets this limit.', {
          limit: fileBytes / 1_000_000,
        }),
      );
    const content = await photo.read();
    if (!Buffer.isBuffer(content)) throw new Error('photos are read from files here');
    // The file may have changed since it was looked up.
    const sha256 = createHash('sha256').update(content).digest('hex');
    const upload = receivedUpload(content, sha256, () => {});
    const { answer } = await classifier.classify(upload, callerUntil(signal));
    return answerFor(hash, answer);
  }

  return {
    lookUpSize: 100,
    batchSize: 1,
    batchBytes: Number.POSITIVE_INFINITY,
    gatherMs: 0,
    atOnce: () => services.photosAtOnce(),
    isByLlm: (hash) => byLlm.has(hash),
    async lookUp(hashes, signal, isRepeated) {
      try {
        const found = await lookup.lookUp(hashes, 'batch-check-cache', callerUntil(signal), { isRepeated });
        return found.map((one, index) => one && answerFor(hashes[index] ?? '', one));
      } catch (error) {
        throw clientError(error, say);
      }
    },
    async classify(batch, onOutcome, signal) {
      for (const [position, one] of batch.entries()) {
        const outcome = await classifyOne(one, signal).catch((error) => clientError(error, say));
        if (outcome instanceof ClientError) onFailure();
        onOutcome(position, outcome);
      }
    },
  };
}

/** Reasons for which no vision model was asked. Such a photo may be tried again. */
const neverAsked = ['cooling', 'resting', 'rejected', 'queue_full', 'queue_timeout'];

function clientError(error: unknown, say: Say): ClientError {
  if (error instanceof ClientError) return error;
  if (!(error instanceof AppError)) return new ClientError('unreadable', (error as Error).message);
  const { code, text, status, retryAfterS = 0 } = error;
  const isRetryable = error instanceof VisionError ? neverAsked.includes(error.reason) : undefined;
  const message =
    error instanceof TooManyPixelsError && error.setting !== undefined
      ? say('{error} {setting} sets this limit.', { error: text, setting: error.setting })
      : say(text);
  return new ClientError(code, message, {
    status,
    retryAfterMs: retryAfterS * 1000,
    ...(isRetryable !== undefined && { isRetryable }),
  });
}
