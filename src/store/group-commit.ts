import { type ActivityWriterOptions, openActivityWriter } from './activity-writer.ts';
import { type Gathered, gathered } from './batcher.ts';
import type { Lookup } from './entities.ts';
import type { HeldLease, LeaseRequest, LeaseState, LeaseStore } from './lease.ts';
import type { RecordStore, ResultStore, Store } from './store.ts';

export interface GroupCommitOptions extends ActivityWriterOptions {
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
  | 'saveFingerprints'
  | 'countHits'
  | 'acquireLeases'
  | 'renewLeases'
  | 'releaseLeases'
  | 'saveActivity'
>;

/**
 * Many callers, few statements: single calls that come at the same time share one, and each caller's promise settles
 * with it. One statement of each kind is in flight at a time.
 * @throws UnavailableError from every call while the store is down, or too much waits for it
 */
export function withGroupCommit(store: GroupedStore, options: GroupCommitOptions = {}): GroupCommit {
  const bounds = { maxGroup: options.maxGroup ?? 500, maxWaiting: options.maxWaiting ?? 10_000 };
  const writes = <Row>(
    save: (rows: readonly Row[]) => Promise<void>,
    maxGroup = bounds.maxGroup,
  ): Gathered<Row, undefined> => gathered({ ...bounds, maxGroup, run: (rows) => save(rows).then(() => []) });

  const finds = gathered({
    ...bounds,
    run: (lookups: readonly Lookup[]) => store.findResults(lookups),
  });
  const results = writes(store.saveResults);
  const claims = writes(store.saveClaims);
  const fingerprints = writes(store.saveFingerprints);
  const activity = openActivityWriter(store, options);
  const leases = gathered({
    ...bounds,
    run: (wanted: readonly LeaseRequest[]) => store.acquireLeases(wanted),
  });
  const renewals = writes<HeldLease>(store.renewLeases);
  const releases = writes<HeldLease>(store.releaseLeases);
  const all = [finds, results, claims, fingerprints, leases, renewals, releases];

  return {
    find: async (lookup) => (await finds.submit([lookup]))[0],
    findAll: async (lookups) => [...(await finds.submit(lookups))],
    save: async (result) => void (await results.submit([result])),
    claim: async (claim) => void (await claims.submit([claim])),
    saveFingerprint: async (fingerprint) => void (await fingerprints.submit([fingerprint])),
    countHit: activity.hit,
    acquireLease: async (request) => (await leases.submit([request]))[0] ?? lost,
    renewLease: async (lease) => void (await renewals.submit([lease])),
    releaseLease: async (lease) => void (await releases.submit([lease])),
    recordPhoto: activity.photo,
    recordRequest: activity.request,
    recordTallies: (tallies) => tallies.forEach(activity.tally),
    settled: async () => {
      await Promise.all([activity.flush(), ...all.map((operation) => operation.settled())]);
    },
    flush: async () => {
      await Promise.all([activity.flush(), ...all.map((operation) => operation.idle())]);
    },
  };
}
