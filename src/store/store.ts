import type { Activity } from './activity.ts';
import type { ApiKeyStore } from './api-key-store.ts';
import type {
  Claim,
  ClaimantFingerprint,
  Erasure,
  Feedback,
  Found,
  Hit,
  Lookup,
  NearDuplicate,
  PhotoVersion,
  Refusal,
  SpendCap,
  StoredResult,
} from './entities.ts';
import type { HeldLease, LeaseRequest, LeaseState } from './lease.ts';
import type { ReportStore } from './reports/report-store.ts';
import type { CacheCounts } from './rows/counts.ts';
import type { Deletion, DeletionPass } from './rows/deletions.ts';

/**
 * A database driver. It throws an outage (`isOutage`) where the database can't be used, and another error where the
 * rows are at fault: then it has written no row of that call. An operation costs one statement or one transaction,
 * however many items it gets. One contract suite tests all drivers.
 */
export interface Store extends Operations {
  readonly kind: 'sqlite' | 'mysql';
  /** Work that may take minutes. */
  readonly maintenance: Maintenance;
  readonly reports: ReportStore;
  readonly apiKeys: ApiKeyStore;
  /**
   * Creates the database when missing and allowed, then runs what has not run yet; returns the names it ran.
   * @param onPending called before it begins with the names of what will run on existing rows
   */
  migrate(onPending?: (names: readonly string[]) => void): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What requests wait for: each takes milliseconds. */
interface Operations {
  /**
   * A few statements for the whole list, however long; answers in its order. The claimant's correction comes first, then a verified
   * result, then the claimant's own claim, and, with `ClaimTrust` all, the newest claim of any claimant.
   */
  findResults(lookups: readonly Lookup[]): Promise<(Found | undefined)[]>;
  /** An LLM's answer replaces a local one of any age; otherwise the newer one stays. */
  saveResults(results: readonly StoredResult[]): Promise<void>;
  /** The newest claim of a claimant for a hash counts. */
  saveClaims(claims: readonly Claim[]): Promise<void>;
  /** Keeps a fingerprint that exists. */
  saveFingerprints(fingerprints: readonly ClaimantFingerprint[]): Promise<void>;
  /** Photos of the claimant with these bits, and their results; a bounded number, in no order. */
  findNearDuplicates(claimant: string, bits: readonly number[], version: string): Promise<NearDuplicate[]>;
  /** Takes leases that are free or expired; returns the state of each, in the order of the requests. */
  acquireLeases(requests: readonly LeaseRequest[]): Promise<LeaseState[]>;
  /** Extends by the longest of their `ttlMs` from now; skips leases that have another owner by now. */
  renewLeases(leases: readonly HeldLease[]): Promise<void>;
  releaseLeases(leases: readonly HeldLease[]): Promise<void>;
  /**
   * Records the category that a claimant gives as right; its next look-up answers with it. The newest counts.
   * @returns false, and records nothing, where the claimant has no claim on the hash and it is of no result
   */
  saveFeedback(feedback: Feedback): Promise<boolean>;
  /** The newest first. */
  newestFeedback(limit: number): Promise<Feedback[]>;
  /** Claimants who gave feedback, in no order. */
  correctors(limit: number): Promise<string[]>;
  /**
   * Adds to the hit counts, each result listed once.
   * @param batch 32 hex digits: nothing changes where a batch with that name was written before
   */
  countHits(hits: readonly Hit[], batch?: string): Promise<void>;
  /** Records with their sums, in one transaction. @param batch as for `countHits` */
  saveActivity(activity: Activity, batch?: string): Promise<void>;
  /** Adds the amount to both periods, or to neither, and returns false, where one would exceed its cap. */
  reserveSpend(amountMicro: number, dayAndMonth: readonly [SpendCap, SpendCap]): Promise<boolean>;
  /** Adds or subtracts, without regard to the caps. */
  addSpend(differenceMicro: number, periods: readonly string[]): Promise<void>;
  /** When the refusal ends or ended, in Unix milliseconds; undefined without a refusal. */
  findRefusal(photo: PhotoVersion): Promise<number | undefined>;
  /** The latest end counts. */
  saveRefusal(refusal: Refusal): Promise<void>;
  /** Writes one row: a store that can only be read is unusable. */
  ping(): Promise<void>;
  /** A sentence for the log where `workers` processes may open more connections than the server grants them. */
  checkConnections(workers: number): Promise<string | undefined>;
}

export interface Maintenance {
  /** How long one call of `deleteSome` may take before other writers notice, in milliseconds. */
  readonly stepMs: number;
  /**
   * Removes records of days that ended by `before`, where the database keeps days apart, and makes room for the days
   * after `now`; both in Unix milliseconds.
   * @returns the time before which records are left to be deleted one by one
   */
  dropDays(before: number, now: number): Promise<number>;
  /**
   * Deletes at most `limit` rows, the oldest first, with what depends on them.
   * @param pass the same object for all calls of a run: where there is no index, they read the table once together
   * @returns how many: fewer than `limit` where none is left
   */
  deleteSome(deletion: Deletion, limit: number, pass?: DeletionPass): Promise<number>;
  /** After rows were deleted: removes what is left of them in the store's own files, as far as it can. */
  eraseDeleted(): Promise<void>;
  cacheCounts(): Promise<CacheCounts>;
  /** How many results there are beyond that many: never too many, and 0 where a sample says so. */
  resultsBeyond(most: number): Promise<number>;
  /** The newest of a name counts. */
  saveErasures(erasures: readonly Erasure[]): Promise<void>;
  /** Those at or after that time. */
  findErasures(since: number): Promise<Erasure[]>;
}

/** Operations on a list, whose calls group commit may merge. */
export const listOperations = [
  'findResults',
  'saveResults',
  'saveClaims',
  'saveFingerprints',
  'acquireLeases',
  'renewLeases',
  'releaseLeases',
] as const satisfies (keyof Operations)[];

export type ListOperations = Pick<Operations, (typeof listOperations)[number]>;
