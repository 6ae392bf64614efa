import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  type Batch,
  type BatchClassifierParts,
  type BatchForm,
  openBatchClassifier,
} from '../../photos/classify-batch.ts';
import type { CallerIdentity } from '../../store/records.ts';
import { callerOf } from '../access/caller.ts';
import { type OpsRule, recheckAsked } from '../ops/access.ts';
import { type FormFields, type PhotoFormParts, readPhotoForm } from './photo-form.ts';

export interface BatchRequestParts extends BatchClassifierParts, PhotoFormParts {
  readonly limits: PhotoFormParts['limits'] & {
    readonly batchFiles: number;
    readonly batchBytes: number;
    readonly batchMs: number;
  };
  readonly opsRule: OpsRule;
}

export interface BatchRequestOptions {
  readonly onItem?: BatchForm<FormFields>['onItem'];
  /** The caller that the text parts name. Records wait for it. */
  readonly identityIn?: (fields: FormFields) => CallerIdentity;
  /**
   * Checks the complete form before an LLM sees one of its photos. The deadline of the batch counts from then.
   * @throws AppError to refuse the form
   */
  readonly accept?: (fields: FormFields, photos: number) => void;
}

/** Text part of the form, for its OpenAPI page. */
export const Lane = Type.Optional(
  Type.Literal('album', {
    description:
      'For the photos behind it in the form. Where the service has a provider for photos that may wait, each photo ' +
      'gets a provisional answer at once and a better one later, at half price (`better_answer`)',
  }),
);

/** From the arrival of a request whose deadline starts later: client C gives up after 180 s. */
const longestRequestMs = 150_000;

/** Reads the form of a batch request and classifies its photos. */
export function openBatchRequests(parts: BatchRequestParts) {
  const { limits } = parts;
  const classifier = openBatchClassifier(parts);
  const recheck = recheckAsked(parts.opsRule);
  const options = {
    photoField: 'images',
    maxPhotos: limits.batchFiles,
    maxBytes: limits.batchBytes,
  } as const;

  /** @throws AppError the form as a whole can't be used; results so far are stored */
  async function classify(
    request: FastifyRequest,
    reply: FastifyReply,
    { onItem, identityIn, accept }: BatchRequestOptions = {},
  ): Promise<Batch<FormFields>> {
    const deadlineMs = accept ? Math.max(longestRequestMs, limits.batchMs) : limits.batchMs;
    const caller = callerOf(request, reply, { lane: 'batch', deadlineMs, isRecheck: recheck(request) });
    return classifier.classify(caller, {
      read: (signal, onPhoto) => readPhotoForm(request, parts, options, signal, onPhoto),
      onItem,
      identityIn,
      check: accept && { timeLimitMs: limits.batchMs, accept },
    });
  }

  return { classify, claim: classifier.claim };
}
