import { openCache } from '../../src/cache/open-cache.ts';
import type { Classifier } from '../../src/classify/classifier.ts';
import { openPipeline } from '../../src/compose/pipeline.ts';
import type { Photo } from '../../src/image/photo.ts';
import type { ReceivedUpload } from '../../src/image/upload/receive.ts';
import type { Caller } from '../../src/photos/caller.ts';
import { openPhotoClassifier } from '../../src/photos/classify-photo.ts';
import { openHashLookup } from '../../src/photos/look-up-hashes.ts';
import { openRecorder } from '../../src/stats/recorder.ts';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import { withJournal } from '../../src/store/journal/with-journal.ts';
import type { Store } from '../../src/store/store.ts';
import { withStoreBreaker } from '../../src/store/store-breaker.ts';
import { sha256Of } from '../contracts/rows.ts';

export interface SimulatedProcessOptions {
  readonly store: Store;
  readonly folder: string;
  readonly memoryMs: number;
  readonly llm: Classifier;
  readonly local: Classifier;
  readonly onLost: (what: string) => void;
  readonly onHit: () => void;
}

/** How often processes look for journals of dead ones. */
export const takeOverMs = 10_000;
export const resultVersion = 'v1';
export const hashOf = (photo: number): string => sha256Of(`photo ${photo}`);
/** Of the file on the phone, which the service never gets. */
export const originalOf = (photo: number): string => sha256Of(`original ${photo}`);

const silent = { info() {}, warn() {}, error() {} };

/** All of a process between the form and the database, as `services.ts` puts it together. */
export function openSimulatedProcess(options: SimulatedProcessOptions) {
  const { onLost, onHit } = options;
  const store = withStoreBreaker(options.store, { logger: silent });
  const journal = withJournal(store, {
    folder: options.folder,
    maxBytes: 1e8,
    logger: silent,
    takeOverMs,
    onLost: (kind) => onLost(`journalled ${kind}`),
  });
  const group = withGroupCommit(
    { ...store, ...journal.writes },
    { onLost: (_, error) => onLost(`records: ${error}`) },
  );
  const grouped: typeof group = {
    ...group,
    countHit(hit) {
      onHit();
      group.countHit(hit);
    },
  };
  const cache = openCache({
    store,
    grouped,
    journal,
    version: resultVersion,
    provisionalMs: 10_000,
    isProvisional: ({ method }) => method === 'local',
    isCategory: () => true,
    memoryEntries: 100,
    memoryMs: options.memoryMs,
    recordsMs: 1e12,
    resultsMs: 0,
    maxResults: 0,
    hooks: { onWriteFailure: (what, error) => onLost(`${what}: ${error}`) },
  });
  const recorder = openRecorder({ store: grouped, onRefused: (error) => onLost(`record: ${error}`) });
  const classifier = openPhotoClassifier({
    photos: { open: ({ sha256 }) => photoOf(sha256) },
    classifier: openPipeline('llm-first', {
      results: cache.results,
      leases: grouped,
      version: resultVersion,
      llm: options.llm,
      local: options.local,
      rules: { isSure: () => false, nearDuplicates: false, shadowPercent: 0 },
    }),
    cache: cache.results,
    recorder,
  });
  const { lookUp } = openHashLookup({ cache: cache.results, recorder });

  return {
    async start(): Promise<void> {
      await store.start();
      journal.start();
      await cache.start();
    },
    async upload(photo: number, caller: Caller) {
      const upload = { sha256: hashOf(photo), bytes: Buffer.alloc(1), release() {} };
      const { answer } = await classifier.classify(upload as ReceivedUpload, caller, originalOf(photo));
      recorder.request(caller, { route: 'classify', lookups: 0, lookupHits: 0, uploads: 1, durationMs: 1 });
      return answer;
    },
    async lookUp(photo: number, caller: Caller) {
      const [answer] = await lookUp([originalOf(photo)], 'check-cache', caller);
      return answer;
    },
    /** As SIGTERM does, once requests in flight have ended. */
    async stop(): Promise<void> {
      await cache.close();
      await grouped.flush();
      await journal.close();
      await store.close();
    },
  };
}

function photoOf(sha256: string): Photo & { close(): void } {
  return {
    sha256,
    sizeBytes: 1,
    format: 'jpeg',
    analyse: () => Promise.reject(new Error('no photo of a simulation is decoded')),
    probabilities: async () => undefined,
    close() {},
  };
}
