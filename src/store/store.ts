import type { AnswerSource, Classification } from '../classify/classifier.ts';
import type { Activity } from './activity.ts';
import type { ApiKeyStore } from './api-key-store.ts';
import type { HeldLease, LeaseRequest, LeaseState } from './lease.ts';
import type { ReportStore } from './reports/report-store.ts';
import type { Tally } from './reports/rollup.ts';
import type { CacheCounts, Deletion } from './rows/deletions.ts';
import type { ClaimantFingerprint, NearDuplicate } from './rows/fingerprint-rows.ts';
import type { SpendCap } from './rows/spend.ts';

/** A classification as it is remembered. */
export interface StoredResult extends Classification {
  /** SHA-256 of the bytes that were classified: 64 lower-case hex digits. */
  readonly sha256: string;
  /** What else changes the answer: taxonomy version, prompt version and cache epoch, as one ASCII word. */
  readonly version: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

export interface Lookup {
  /** 64 lower-case hex digits, verified or claimed. */
  readonly hash: string;
  readonly version: string;
  /** Who asks (`claimantKey`): its own claims are looked up too. */
  readonly claimant?: string;
}

export interface Found extends StoredResult {
  /**
   * Under the hash of bytes the service received, under a hash that the asking claimant claimed for them, or, where
   * all are trusted, that anybody did.
   */
  readonly via: 'verified' | 'claim' | 'anybody';
  /** The category that the asking claimant says is right. */
  readonly corrected?: string;
}

/** Whose claims answer a claimant: its own alone, or the newest of anybody's, too. */
export type ClaimTrust = 'own' | 'all';

/** "This hash belongs to that content", said by one claimant. */
export interface Claim {
  /** 32 hex digits, see `claimantKey`. */
  readonly claimant: string;
  /** The hash the claimant sent: 64 lower-case hex digits. */
  readonly claimed: string;
  /** SHA-256 of the bytes it sent along. */
  readonly content: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** How often a result was given. */
export interface Hit {
  readonly sha256: string;
  readonly version: string;
  readonly count: number;
  /** The last time, in Unix milliseconds. */
  readonly at: number;
}

/** A photo under one version of the question. */
export interface PhotoVersion {
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  readonly version: string;
}

/** A vendor has refused a photo for its content. */
export interface Refusal extends PhotoVersion {
  /** Unix milliseconds until which it is not sent again. */
  readonly until: number;
}

/** "The right category is …", said by one claimant. */
export interface Feedback {
  readonly claimant: string;
  /** Of the photo, as the claimant knows it. */
  readonly hash: string;
  readonly category: string;
  /** What it was told, and by which model. */
  readonly answered?: string;
  readonly model?: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Who sent a request, as far as it said. */
export interface Sender {
  /** What the claims of this sender are filed under: 32 hex digits. */
  readonly claimant: string;
  readonly userId?: string;
  /** /24 of an IPv4 address, /48 of an IPv6 one. */
  readonly network: string;
}

/** One photo, answered or failed: an upload, or a look-up that hit. */
export interface PhotoRecord extends Sender {
  /** Unix milliseconds. */
  readonly at: number;
  readonly requestId: string;
  /** `lookup` for a hit by hash alone, `upload` for bytes. */
  readonly kind: 'lookup' | 'upload';
  readonly outcome: 'llm' | 'local' | Exclude<AnswerSource, 'model'> | 'near' | 'failed';
  /** Verified hash of an upload, asked hash of a look-up; absent where the upload did not arrive whole. */
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
  /** What a hit saved where an LLM would have been asked, in millionths of a currency unit. */
  readonly savedMicro?: number;
  /** What a hit by hash alone saved in uploading. */
  readonly avoidedBytes?: number;
}

/** One request to a classification route. */
export interface RequestRecord extends Sender {
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
