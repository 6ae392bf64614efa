import type { AnswerSource } from '../classify/classifier.ts';

/** The caller of a request. */
export interface CallerIdentity {
  /** Key of the caller's claims: 32 hex digits. */
  readonly claimant: string;
  readonly userId?: string;
  /** /24 of an IPv4 address, /48 of an IPv6 one. */
  readonly network: string;
}

/** One photo, answered or failed: an upload, or a look-up that hit. */
export interface PhotoRecord extends CallerIdentity {
  /** Unix milliseconds. */
  readonly at: number;
  readonly requestId: string;
  /** `lookup` for a hit by hash alone, `upload` for bytes. */
  readonly kind: 'lookup' | 'upload';
  readonly outcome: 'llm' | 'local' | Exclude<AnswerSource, 'model'> | 'near' | 'failed';
  /** Verified hash of an upload, requested hash of a look-up; absent where the upload was cut short. */
  readonly sha256?: string;
  readonly sizeBytes?: number;
  readonly category?: string;
  readonly confidence?: number;
  readonly model?: string;
  readonly degraded: boolean;
  /** Of the LLM calls made for it: millionths of a currency unit. */
  readonly costMicro?: number;
  readonly durationMs: number;
  /** `AppError.code` of a failure. */
  readonly errorCode?: string;
  /** When the day of `at` began, in Unix milliseconds; UTC's unless given. */
  readonly dayAt?: number;
  /** Cost of the LLM call that a hit saved, in millionths of a currency unit. */
  readonly savedMicro?: number;
  /** What a hit by hash alone saved in uploading. */
  readonly avoidedBytes?: number;
}

/** One request to a classification route. */
export interface RequestRecord extends CallerIdentity {
  /** Unix milliseconds. */
  readonly at: number;
  readonly requestId: string;
  readonly route: 'check-cache' | 'batch-check-cache' | 'classify' | 'batch';
  /** Hashes asked for, 0 for uploads. */
  readonly lookups: number;
  readonly lookupHits: number;
  /** Photos uploaded, 0 for look-ups. */
  readonly uploads: number;
  /** Those of them that got no answer. */
  readonly failed?: number;
  readonly durationMs: number;
  /** See `PhotoRecord.dayAt`. */
  readonly dayAt?: number;
}

/**
 * Something counted:
 * `upload`, `lookup` (photos by outcome; bytes sent, or not sent), `degraded` (photos by outcome), `saved` (hits that
 * an LLM would have been asked for; millionths of a currency unit), `category` (answered photos; confidences in
 * millionths), `error` (failed photos by code), `route` (requests), `asked` (hashes asked for by route; those that
 * hit), `sent` (photos uploaded by route; those that failed), `call` (LLM calls by outcome), `spent` (LLM calls by
 * the lane of the photo; millionths), `tokens` (calls by direction; tokens), `agree` (photos that both models were asked for, by
 * the LLM's category; those on which they agree), `sure` (the same, by whether the local model is sure), `fallback` (by reason), `test` (answers of the local model alone).
 */
export interface Tally {
  /** Unix milliseconds. */
  readonly at: number;
  /** When that moment's day began, in Unix milliseconds. */
  readonly dayAt: number;
  readonly topic: string;
  readonly name: string;
  readonly n: number;
  readonly amount: number;
  readonly durationMs?: number;
}

const hitOutcomes: ReadonlySet<string> = new Set(['memory', 'store', 'claim', 'flight', 'near']);

/** Answered without asking a model for it. */
export function isHit(outcome: string): boolean {
  return hitOutcomes.has(outcome);
}

/** Takes records, and writes them within about a second. */
export interface RecordStore {
  /** @throws StatementError the record can't be written */
  recordPhoto(record: PhotoRecord): void;
  /** @throws StatementError */
  recordRequest(record: RequestRecord): void;
  recordTallies(tallies: readonly Tally[]): void;
}
