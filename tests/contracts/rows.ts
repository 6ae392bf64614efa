import { createHash } from 'node:crypto';
import type { Fingerprint } from '../../src/image/photo.ts';
import { type Activity, openActivityBuffer } from '../../src/store/activity.ts';
import type { Claim, Lookup, StoredResult } from '../../src/store/entities.ts';
import type { PhotoRecord, RequestRecord, Tally } from '../../src/store/records.ts';

export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A claimant of that name: 32 hex digits. */
export const claimantOf = (name: string): string => sha256Of(name).slice(0, 32);

export const version = 't1-p1-e0';

export function lookupOf(name: string, claimant?: string): Lookup {
  return { hash: sha256Of(name), version, ...(claimant && { claimant: claimantOf(claimant) }) };
}

export function resultOf(name: string, changes: Partial<StoredResult> = {}): StoredResult {
  return {
    sha256: sha256Of(name),
    version,
    category: 'pets',
    confidence: 0.93,
    method: 'llm',
    model: 'vision-1',
    createdAt: 1_780_000_000_000,
    ...changes,
  };
}

export const claimOf = (claimant: string, claimed: string, content: string, at = 1): Claim => ({
  claimant: claimantOf(claimant),
  claimed: sha256Of(claimed),
  content: sha256Of(content),
  at,
});

/** A fingerprint of its own for each picture. */
export function fingerprintOf(picture: string, bits = 5): Fingerprint {
  const digest = Buffer.from(sha256Of(picture), 'hex');
  const cells = (count: number) => Uint8Array.from({ length: count }, (_, at) => digest[at % 32] ?? 0);
  return { bits, nearBits: [bits], brightness: cells(784), colours: cells(48), aspect: 1333, contrast: 60 };
}

export function photoOf(changes: Partial<PhotoRecord> = {}): PhotoRecord {
  return {
    at: 1000,
    requestId: 'req_1_0123456789ab',
    claimant: claimantOf('anna'),
    userId: 'anna',
    network: '192.0.2.0/24',
    kind: 'upload',
    outcome: 'llm',
    sha256: sha256Of('photo'),
    sizeBytes: 250_000,
    category: 'pets',
    confidence: 0.93,
    model: 'vision-1',
    degraded: false,
    durationMs: 100,
    ...changes,
  };
}

export function requestOf(changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    at: 1000,
    requestId: 'req_1_0123456789ab',
    claimant: claimantOf('anna'),
    userId: 'anna',
    network: '192.0.2.0/24',
    route: 'classify',
    lookups: 0,
    lookupHits: 0,
    uploads: 1,
    durationMs: 120,
    ...changes,
  };
}

/** A photo whose upload never arrived whole. */
export function failedPhoto(): PhotoRecord {
  const { category: _c, confidence: _p, model: _m, sha256: _s, sizeBytes: _b, ...rest } = photoOf();
  return { ...rest, outcome: 'failed', errorCode: 'undecodable_image' };
}

export interface Happenings {
  readonly photos?: readonly PhotoRecord[];
  readonly requests?: readonly RequestRecord[];
  readonly tallies?: readonly Tally[];
}

/** All of it as the service sums it up, with every record kept. */
export function activityOf({ photos = [], requests = [], tallies = [] }: Happenings): Activity {
  const buffer = openActivityBuffer();
  for (const photo of photos) buffer.photo(photo);
  for (const request of requests) buffer.request(request);
  for (const tally of tallies) buffer.tally(tally);
  return buffer.take();
}
