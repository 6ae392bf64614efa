import type { Activity, UserSum } from '../activity.ts';
import type { Claim, ClaimantFingerprint, Erasure, Hit, StoredResult } from '../entities.ts';
import { photoColumns, type RecordValue, requestColumns } from '../rows/record-rows.ts';

/** What a journal holds, in the order in which it is written to the store: a claim comes after its result. */
export const entryKinds = ['results', 'claims', 'fingerprints', 'hits', 'activity'] as const;

export type EntryKind = (typeof entryKinds)[number];

/** A batch keeps its name, so that the store takes it once even where the first attempt has written it. */
export interface HitBatch {
  readonly batch: string | undefined;
  readonly hits: readonly Hit[];
}

export interface ActivityBatch {
  readonly batch: string | undefined;
  readonly activity: Activity;
}

/** One write that waits for the store. */
export type Entry =
  | { readonly kind: 'results'; readonly value: StoredResult }
  | { readonly kind: 'claims'; readonly value: Claim }
  | { readonly kind: 'fingerprints'; readonly value: ClaimantFingerprint }
  | { readonly kind: 'hits'; readonly value: HitBatch }
  | { readonly kind: 'activity'; readonly value: ActivityBatch };

export const resultKey = (sha256: string, version: string): string => `${sha256}/${version}`;
export const claimKey = (claimant: string, claimed: string): string => `${claimant}/${claimed}`;

/** Under what a look-up finds the entry; empty where none does. */
export function keyOf(entry: Entry): string {
  if (entry.kind === 'results') return resultKey(entry.value.sha256, entry.value.version);
  if (entry.kind === 'claims') return claimKey(entry.value.claimant, entry.value.claimed);
  return '';
}

/** Results, claims, fingerprints, hits, or records: what an operator counts. */
export function itemsOf(entry: Entry): number {
  if (entry.kind === 'hits') return entry.value.hits.length;
  if (entry.kind !== 'activity') return 1;
  const { photos, requests } = entry.value.activity;
  return Math.max(1, photos.length + requests.length);
}

interface Subject {
  /** Unix milliseconds. */
  readonly at: number;
  readonly claimant?: string;
  readonly hashes?: readonly unknown[];
}

export function isErased({ at, claimant, hashes = [] }: Subject, erasures: readonly Erasure[]): boolean {
  return erasures.some((erasure) => {
    if (at > erasure.at) return false;
    if (erasure.kind === 'claimant') return claimant === erasure.name;
    return erasure.kind === 'hash' ? hashes.includes(erasure.name) : at < Number(erasure.name);
  });
}

/**
 * The entry without what was forgotten since; undefined where nothing is left. Hits stay: they name no person, and
 * count on no result that is gone.
 * @param at when it was journalled
 */
export function withoutErased(entry: Entry, at: number, erasures: readonly Erasure[]): Entry | undefined {
  if (erasures.length === 0) return entry;
  switch (entry.kind) {
    case 'results':
      return isErased({ at: entry.value.createdAt, hashes: [entry.value.sha256] }, erasures)
        ? undefined
        : entry;
    case 'claims': {
      const { claimant, claimed, content } = entry.value;
      const subject = { at: entry.value.at, claimant, hashes: [claimed, content] };
      return isErased(subject, erasures) ? undefined : entry;
    }
    case 'fingerprints': {
      const { claimant, content } = entry.value;
      return isErased({ at, claimant, hashes: [content] }, erasures) ? undefined : entry;
    }
    case 'hits':
      return entry;
    case 'activity': {
      const { batch, activity } = entry.value;
      return { kind: 'activity', value: { batch, activity: activityWithout(activity, erasures) } };
    }
  }
}

/** Sums name no user and stay. */
function activityWithout(activity: Activity, erasures: readonly Erasure[]): Activity {
  const photo = (row: readonly RecordValue[]) => isErased(subjectOf(photoColumns, row), erasures);
  const request = (row: readonly RecordValue[]) => isErased(subjectOf(requestColumns, row), erasures);
  const user = ({ claimant, firstAt }: UserSum) => isErased({ at: firstAt, claimant }, erasures);
  return {
    ...activity,
    photos: activity.photos.filter((row) => !photo(row)),
    requests: activity.requests.filter((row) => !request(row)),
    users: activity.users.filter((one) => !user(one)),
  };
}

function subjectOf(columns: readonly string[], row: readonly RecordValue[]): Subject {
  const value = (column: string) => row[columns.indexOf(column)];
  return {
    at: Number(value('at_ms')),
    claimant: String(value('claimant')),
    ...(columns.includes('sha256') && { hashes: [value('sha256')] }),
  };
}
