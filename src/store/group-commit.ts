import { type Gathered, gathered } from './gathered.ts';
import type { HeldLease, LeaseRequest, LeaseState, LeaseStore } from './lease.ts';
import type { Lookup, RecordStore, ResultStore, Store } from './store.ts';

export interface GroupCommitOptions {
  /** Rows or keys of one statement. Default 500. */
  readonly maxGroup?: number;
  /** Rows or keys that may wait, for each kind of statement; beyond it calls are refused. Default 10 000. */
  readonly maxWaiting?: number;
}

export interface GroupCommit extends ResultStore, RecordStore, LeaseStore {
  /** Resolves when nothing waits and nothing is in flight. */
  flush(): Promise<void>;
  /** Resolves when all that was submitted before is written, or has failed. */
  settled(): Promise<void>;
}

const lost: LeaseState = { isOwn: false, token: 0, leftMs: 0 };

type GroupedStore = Pick<
  Store,
  | 'findResults'
  | 'saveResults'
  | 'saveClaims'
  | 'saveLooks'
  | 'countHits'
  | 'acquireLeases'
  | 'renewLeases'
  | 'releaseLeases'
  | 'savePhotoRecords'
  | 'saveRequestRecords'
  | 'saveTallies'
>;

/** Of a crowd of look-ups: less than anybody notices. */
const findRestMs = 10;
/** Of a crowd of records, for which an answer waits no longer than `WRITE_WAIT`. */
const recordRestMs = 40;
/** Of what is counted behind an answer's back: each transaction of sums costs as much as a dozen of them together. */
const countLingerMs = 100;

/**
 * Many callers, few statements: single calls that come at the same time share one, and each caller's promise settles
 * with it. One statement of each kind is in flight at a time.
 * @throws UnavailableError from every call while the store is down, or too much waits for it
 */
export function withGroupCommit(store: GroupedStore, options: GroupCommitOptions = {}): GroupCommit {
  const bounds = { maxGroup: options.maxGroup ?? 500, maxWaiting: options.maxWaiting ?? 10_000 };
  const writes = <Row>(
    save: (rows: readonly Row[]) => Promise<void>,
    { maxGroup = bounds.maxGroup, restMs = 0, lingerMs = 0 } = {},
  ): Gathered<Row, undefined> =>
    gathered({ ...bounds, maxGroup, restMs, lingerMs, run: (rows) => save(rows).then(() => []) });

  const finds = gathered({
    ...bounds,
    restMs: findRestMs,
    run: (lookups: readonly Lookup[]) => store.findResults(lookups),
  });
  const results = writes(store.saveResults);
  // A group of claims is a dozen statements: fewer of them keep it within the limit of one.
  const claims = writes(store.saveClaims, { maxGroup: Math.min(100, bounds.maxGroup) });
  const looks = writes(store.saveLooks);
  const hits = writes(store.countHits, { restMs: recordRestMs });
  const photos = writes(store.savePhotoRecords, { restMs: recordRestMs });
  const requests = writes(store.saveRequestRecords, { lingerMs: countLingerMs });
  const tallies = writes(store.saveTallies, { lingerMs: countLingerMs });
  const leases = gathered({
    ...bounds,
    run: (wanted: readonly LeaseRequest[]) => store.acquireLeases(wanted),
  });
  const renewals = writes<HeldLease>(store.renewLeases);
  const releases = writes<HeldLease>(store.releaseLeases);
  const all = [finds, results, claims, looks, hits, photos, requests, tallies, leases, renewals, releases];

  return {
    find: async (lookup) => (await finds.submit([lookup]))[0],
    findAll: async (lookups) => [...(await finds.submit(lookups))],
    save: async (result) => void (await results.submit([result])),
    claim: async (claim) => void (await claims.submit([claim])),
    saveLook: async (look) => void (await looks.submit([look])),
    countHit: async (hit) => void (await hits.submit([hit])),
    acquireLease: async (request) => (await leases.submit([request]))[0] ?? lost,
    renewLease: async (lease) => void (await renewals.submit([lease])),
    releaseLease: async (lease) => void (await releases.submit([lease])),
    recordPhoto: async (record) => void (await photos.submit([record])),
    recordRequest: async (record) => void (await requests.submit([record])),
    recordTallies: async (list) => void (await tallies.submit(list)),
    settled: async () => void (await Promise.all(all.map((operation) => operation.settled()))),
    flush: async () => void (await Promise.all(all.map((operation) => operation.idle()))),
  };
}
