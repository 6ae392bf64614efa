export type RollupLevel = 'minute' | 'hour' | 'day';

/** A roll-up level and a span of it: `from` inclusive, `to` exclusive, Unix milliseconds. */
export interface RollupSpan {
  readonly level: RollupLevel;
  readonly from: number;
  readonly to: number;
  /** Milliseconds from `from` that are added up together; 0: the whole span; 1: every row of the level for itself. */
  readonly stepMs: number;
}

export interface TallySum {
  /** Beginning of the step. */
  readonly at: number;
  readonly topic: string;
  readonly name: string;
  readonly n: number;
  readonly amount: number;
}

export interface DurationSum {
  readonly at: number;
  readonly topic: string;
  readonly name: string;
  readonly n: number;
  readonly sumMs: number;
  /** Those that hold any, in ascending order. */
  readonly buckets: readonly DurationBucket[];
}

export interface DurationBucket {
  /** Whole milliseconds, both inclusive; the last bucket ends nowhere (Infinity). */
  readonly fromMs: number;
  readonly toMs: number;
  readonly n: number;
}

export interface UserSum {
  readonly userId: string;
  readonly requests: number;
  readonly photos: number;
  readonly hits: number;
  readonly failed: number;
  /** Unix milliseconds. */
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface FailedPhoto {
  readonly at: number;
  readonly requestId: string;
  readonly errorCode: string;
  readonly sizeBytes?: number;
  readonly durationMs: number;
}

export interface Snapshot {
  readonly body: string;
  readonly at: number;
}

/** What is cached, as a whole. */
export interface CacheCensus {
  /** From a few thousand on an estimate: see `CacheCounts.isEstimate`. */
  readonly results: number;
  /** Of one of the 10,000 results that were used last. */
  readonly maxHits: number;
}

/** Reads roll-ups. The cost does not grow with the number of records, unless a method says so. */
export interface ReportStore {
  sumTallies(span: RollupSpan, topics?: readonly string[]): Promise<readonly TallySum[]>;
  /** @param names all, where there are none */
  sumDurations(
    span: RollupSpan,
    topics: readonly string[],
    names?: readonly string[],
  ): Promise<readonly DurationSum[]>;
  /** Of days that began in the span; grows with users times days. */
  countUsers(from: number, to: number): Promise<number>;
  /** The users with the most requests, and the number of all users: 0 for a `limit` of 0. */
  topUsers(
    from: number,
    to: number,
    limit: number,
  ): Promise<{ readonly unique: number; readonly users: readonly UserSum[] }>;
  /** The newest first. Grows with the records of the span. Includes records that the release before has written. */
  failedPhotos(from: number, limit: number): Promise<readonly FailedPhoto[]>;
  censusOfCache(): Promise<CacheCensus>;
  findSnapshot(name: string): Promise<Snapshot | undefined>;
  saveSnapshot(name: string, snapshot: Snapshot): Promise<void>;
  /** Removes at most that many rows of a level older than that. @returns how many */
  pruneRollups(level: RollupLevel, before: number, limit: number): Promise<number>;
}
