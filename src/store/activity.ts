import { dayMs, minuteMs } from '../durations.ts';
import { isHit, type PhotoRecord, type RequestRecord, type Tally } from './records.ts';
import { bucketCount, bucketOf } from './reports/duration-buckets.ts';
import { bounded, columnSize, hexKey, wholeNumber } from './rows/columns.ts';
import { photoValues, type RecordValue, requestValues } from './rows/record-rows.ts';

/** What is counted of one name in one minute. */
export interface Sum {
  /** When the minute began, in Unix milliseconds. */
  readonly at: number;
  /** When its day began. */
  readonly dayAt: number;
  readonly topic: string;
  readonly name: string;
  n: number;
  amount: number;
  durations?: { n: number; sumMs: number; readonly buckets: number[] };
}

/** What one user did on one day. */
export interface UserSum {
  readonly dayAt: number;
  /** 32 hex digits. */
  readonly claimant: string;
  readonly userId: string;
  requests: number;
  photos: number;
  hits: number;
  failed: number;
  firstAt: number;
  lastAt: number;
}

/** Everything since the last write: exact sums, and the records that are kept. */
export interface Activity {
  /** Rows of `photoColumns`. */
  readonly photos: readonly (readonly RecordValue[])[];
  /** Rows of `requestColumns`. */
  readonly requests: readonly (readonly RecordValue[])[];
  readonly sums: readonly Sum[];
  readonly users: readonly UserSum[];
}

/** Sums up what happens until it is written. Adding costs a few additions, however much was added before. */
export interface ActivityBuffer {
  /** @param isKept as a record, beside its sums @throws StatementError its claimant or hash is none */
  photo(record: PhotoRecord, isKept?: boolean): void;
  /** @throws StatementError its claimant is none */
  request(record: RequestRecord, isKept?: boolean): void;
  tally(tally: Tally): void;
  /** Records and look-ups since the last `take`. */
  readonly count: number;
  /** Returns everything and starts over. */
  take(): Activity;
}

function openSums() {
  const sums = new Map<string, Sum>();
  return {
    all: () => [...sums.values()],
    add(at: number, dayAt: number, topic: string, name: string, n = 1, amount = 0): Sum {
      const minute = at - (at % minuteMs);
      const key = `${minute} ${topic} ${name}`;
      let sum = sums.get(key);
      if (!sum) {
        sum = { at: minute, dayAt, topic, name: bounded(name, columnSize.tallyName), n: 0, amount: 0 };
        sums.set(key, sum);
      }
      sum.n += n;
      sum.amount += amount;
      return sum;
    },

    addDuration(sum: Sum, durationMs: number): void {
      sum.durations ??= { n: 0, sumMs: 0, buckets: new Array<number>(bucketCount).fill(0) };
      const { durations } = sum;
      const ms = wholeNumber(durationMs);
      const bucket = bucketOf(ms);
      durations.n += 1;
      durations.sumMs += ms;
      durations.buckets[bucket] = (durations.buckets[bucket] ?? 0) + 1;
    },
  };
}

export function openActivityBuffer(): ActivityBuffer {
  let count = 0;
  let photos: (readonly RecordValue[])[] = [];
  let requests: (readonly RecordValue[])[] = [];
  let users = new Map<string, UserSum>();
  let sums = openSums();

  function userOf({ at, claimant, userId }: PhotoRecord | RequestRecord, dayAt: number): UserSum | undefined {
    if (userId === undefined) return undefined;
    const key = `${dayAt} ${claimant}`;
    let user = users.get(key);
    if (!user) {
      const counts = { requests: 0, photos: 0, hits: 0, failed: 0, firstAt: at, lastAt: at };
      const name = bounded(userId, columnSize.userId);
      user = { dayAt, claimant: hexKey(claimant, 16), userId: name, ...counts };
      users.set(key, user);
    }
    user.firstAt = Math.min(user.firstAt, at);
    user.lastAt = Math.max(user.lastAt, at);
    return user;
  }

  return {
    get count() {
      return count;
    },
    photo(record, isKept = true) {
      if (isKept) photos.push(photoValues(record));
      const { at, kind, outcome, dayAt = at - (at % dayMs) } = record;
      count += 1;
      const user = userOf(record, dayAt);
      if (user) {
        user.photos += 1;
        if (isHit(outcome)) user.hits += 1;
        if (outcome === 'failed') user.failed += 1;
      }
      sums.add(
        at,
        dayAt,
        kind,
        outcome,
        1,
        (kind === 'upload' ? record.sizeBytes : record.avoidedBytes) ?? 0,
      );
      sums.addDuration(sums.add(at, dayAt, 'photo', outcome), record.durationMs);
      if (record.degraded) sums.add(at, dayAt, 'degraded', outcome);
      if (record.savedMicro !== undefined) sums.add(at, dayAt, 'saved', outcome, 1, record.savedMicro);
      if (outcome === 'failed') sums.add(at, dayAt, 'error', record.errorCode ?? 'unknown');
      else if (record.category !== undefined)
        sums.add(at, dayAt, 'category', record.category, 1, (record.confidence ?? 0) * 1_000_000);
    },
    request(record, isKept = true) {
      if (isKept) requests.push(requestValues(record));
      const { at, route, lookups, lookupHits, uploads, failed = 0, dayAt = at - (at % dayMs) } = record;
      count += 1;
      const user = userOf(record, dayAt);
      if (user) user.requests += 1;
      sums.addDuration(sums.add(at, dayAt, 'route', route), record.durationMs);
      if (lookups > 0) sums.add(at, dayAt, 'asked', route, lookups, lookupHits);
      if (uploads > 0) sums.add(at, dayAt, 'sent', route, uploads, failed);
    },
    tally({ at, dayAt, topic, name, n, amount, durationMs }) {
      count += 1;
      const sum = sums.add(at, dayAt, topic, name, n, amount);
      if (durationMs !== undefined) sums.addDuration(sum, durationMs);
    },
    take() {
      const taken = { photos, requests, sums: sums.all(), users: [...users.values()] };
      [count, photos, requests, sums, users] = [0, [], [], openSums(), new Map()];
      return taken;
    },
  };
}
