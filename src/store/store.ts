import type { Activity } from './activity.ts';
import type { ApiKeyStore } from './api-key-store.ts';
import type {
  Claim,
  ClaimantFingerprint,
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
import type { PhotoRecord, RequestRecord, Tally } from './records.ts';
import type { ReportStore } from './reports/report-store.ts';
import type { CacheCounts, Deletion } from './rows/deletions.ts';

/**
 * What a database driver can do. It throws an outage (`isOutage`) where the store itself can't be used, and anything
 * else where the rows are at fault: then no row of that call was written. Every operation takes many at once and costs one statement (or one transaction),
 * whoever they come from; `withGroupCommit` gathers them. Complete in every driver; one contract suite runs on all.
 */
export interface Store {
  readonly kind: 'sqlite' | 'mysql';
  /**
   * One statement for the whole list; answers in its order. A result that the claimant corrected comes first, then a
   * verified one, the claimant's own claim, and, where all are trusted, anybody's newest.
   */
  findResults(lookups: readonly Lookup[]): Promise<(Found | undefined)[]>;
  /** Inserts or replaces; a local answer never replaces an LLM's. */
  saveResults(results: readonly StoredResult[]): Promise<void>;
  /** The newest claim of a claimant for a hash counts. */
  saveClaims(claims: readonly Claim[]): Promise<void>;
  /** A fingerprint that is there stays as it is. */
  saveFingerprints(fingerprints: readonly ClaimantFingerprint[]): Promise<void>;
  /** Photos of the claimant with these bits, and their results; a bounded number, in no order. One statement. */
  findNearDuplicates(claimant: string, bits: readonly number[], version: string): Promise<NearDuplicate[]>;
  /** Takes those that nobody holds, or whose time is up; says whose each one is, in the order asked. */
  acquireLeases(requests: readonly LeaseRequest[]): Promise<LeaseState[]>;
  /** By the longest of their `ttlMs` from now; those that are another's by now stay as they are. */
  renewLeases(leases: readonly HeldLease[]): Promise<void>;
  releaseLeases(leases: readonly HeldLease[]): Promise<void>;
  /**
   * Records what a claimant says is right, and answers it so from now on. The newest counts.
   * @returns false, and records nothing, where the claimant has no claim on the hash and it is of no result
   */
  saveFeedback(feedback: Feedback): Promise<boolean>;
  /** The newest first. */
  newestFeedback(limit: number): Promise<Feedback[]>;
  /** Claimants who gave feedback, in no order. */
  correctors(limit: number): Promise<string[]>;
  /** Deletes at most `limit` rows, the oldest first, with what depends on them; says how many. */
  deleteSome(deletion: Deletion, limit: number): Promise<number>;
  /** Once rows were deleted: leaves nothing of them in files of the store itself, as far as it can. */
  eraseDeleted(): Promise<void>;
  /** May take seconds. */
  cacheCounts(): Promise<CacheCounts>;
  /** Adds to the hit counts, each result listed once. */
  countHits(hits: readonly Hit[]): Promise<void>;
  /** Records with their sums, in one transaction. */
  saveActivity(activity: Activity): Promise<void>;
  /** What reports are made of, and what keeps them small. */
  readonly reports: ReportStore;
  readonly apiKeys: ApiKeyStore;
  /** Adds the amount to both periods, or to neither where one would pass its cap: then it is false. */
  reserveSpend(amountMicro: number, dayAndMonth: readonly [SpendCap, SpendCap]): Promise<boolean>;
  /** Adds, or takes back, whatever the caps. */
  addSpend(differenceMicro: number, periods: readonly string[]): Promise<void>;
  /** Until when the photo is not to be sent, in Unix milliseconds, be it past; undefined where nobody refused it. */
  findRefusal(photo: PhotoVersion): Promise<number | undefined>;
  /** The latest end counts. */
  saveRefusal(refusal: Refusal): Promise<void>;
  /**
   * Creates the database when missing and allowed, then runs what has not run yet; returns the names it ran.
   * @param onPending called before it begins with the names of what will run on rows that are there
   */
  migrate(onPending?: (names: readonly string[]) => void): Promise<readonly string[]>;
  /** Writes one row: what a probe has to know. A store that can only be read is as good as none. */
  ping(): Promise<void>;
  /** A sentence for the log where `workers` processes may open more connections than the server grants them. */
  checkConnections(workers: number): Promise<string | undefined>;
  close(): Promise<void>;
}

/** What the hot path uses: one item at a time, gathered with everybody else's into one statement. */
export interface ResultStore {
  find(lookup: Lookup): Promise<Found | undefined>;
  findAll(lookups: readonly Lookup[]): Promise<(Found | undefined)[]>;
  save(result: StoredResult): Promise<void>;
  claim(claim: Claim): Promise<void>;
  saveFingerprint(fingerprint: ClaimantFingerprint): Promise<void>;
  /** Written within a second or so; it is nothing that a caller waits for. */
  countHit(hit: Omit<Hit, 'count'>): void;
}

/** Takes what happened, and writes it within a second or so. */
export interface RecordStore {
  /** @throws StatementError the record can't be written */
  recordPhoto(record: PhotoRecord): void;
  recordRequest(record: RequestRecord): void;
  recordTallies(tallies: readonly Tally[]): void;
}
