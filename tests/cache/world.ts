import { openCache } from '../../src/cache/open-cache.ts';
import { type Classifier, fresh } from '../../src/classify/classifier.ts';
import { openPipeline } from '../../src/compose/pipeline.ts';
import { VisionError } from '../../src/errors.ts';
import type { Photo } from '../../src/image/photo.ts';
import { openPhotoClassifier } from '../../src/photos/classify-photo.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { identityOf } from '../../src/stats/caller-identity.ts';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import { fingerprintOf, sha256Of } from '../contracts/rows.ts';
import type { StoreFixture } from '../contracts/store-place.ts';

export const categories = ['pets', 'foods', 'idcard'] as const;

/** What a picture shows, and what it looks like: of two that look alike, one may be made to deceive. */
export interface Picture {
  readonly name: string;
  readonly look: string;
  readonly category: (typeof categories)[number];
}

export interface Person {
  readonly userId?: string;
  readonly address: string;
}

/** Hash of the file on the phone, which the service never gets. */
export const originalOf = (picture: Picture): string => sha256Of(`original of ${picture.name}`);

/** The bytes that a person sends of a picture: each phone encodes in its own way. */
export const sentBy = (person: Person, picture: Picture): string =>
  sha256Of(`${picture.name} by ${person.userId ?? person.address}`);

export interface Upload {
  readonly person: Person;
  readonly picture: Picture;
  /** SHA-256 of what is sent. Default: the person's own encoding. */
  readonly bytes?: string;
  readonly claimed: string;
  /** As an operator may ask with `Cache-Control: no-cache`. */
  readonly isRecheck?: boolean;
}

const tables = ['results', 'album_claims', 'corrections', 'fingerprints', 'leases'];

/** Two processes on one empty store, with a vision model that knows every picture and fails when told to. */
export async function openWorld(fixture: StoreFixture) {
  const pictures = new Map<string, Picture>();
  let failing = false;
  let now = 1_780_000_000_000;

  const saying = (method: 'llm' | 'local'): Classifier => ({
    async classify(photo) {
      await new Promise((resolve) => setImmediate(resolve));
      if (method === 'llm' && failing) throw new VisionError('server_error');
      const category = pictures.get(photo.sha256)?.category ?? 'other';
      return fresh({ category, confidence: 0.9, method, model: method });
    },
  });

  function openProcess() {
    const store = fixture.open();
    const grouped = withGroupCommit(store);
    const cache = openCache({
      store,
      grouped,
      version: 'v1',
      provisionalMs: 60_000,
      isProvisional: ({ method }) => method === 'local',
      isCategory: () => true,
      memoryEntries: 1000,
      memoryMs: 30_000,
      recordsMs: 1e12,
      resultsMs: 0,
      maxResults: 0,
      now: () => now,
      hooks: { onWriteFailure() {} },
    });
    const pipeline = openPipeline('llm-first', {
      results: cache.results,
      leases: grouped,
      version: 'v1',
      llm: saying('llm'),
      local: saying('local'),
      rules: { isSure: () => false, nearDuplicates: true, shadowPercent: 0 },
    });
    const classifier = openPhotoClassifier({
      photos: { open: ({ sha256 }) => ({ ...photoOf(sha256), close() {} }) },
      classifier: pipeline,
      cache: cache.results,
      recorder: { answered() {}, failed() {} },
    });
    return { store, grouped, cache, classifier };
  }

  function photoOf(sha256: string): Photo {
    const { look = 'nothing' } = pictures.get(sha256) ?? {};
    const analysis = {
      rendition: Buffer.alloc(0),
      widthPx: 4,
      heightPx: 3,
      fingerprint: fingerprintOf(look, Number.parseInt(sha256Of(look).slice(0, 5), 16)),
    };
    return {
      sha256,
      sizeBytes: 1,
      format: 'jpeg',
      analyse: async () => analysis,
      probabilities: async () => undefined,
    };
  }

  const seed = openProcess();
  await seed.store.migrate();
  for (const table of tables) await fixture.change(`DELETE FROM ${table}`);
  const processes = [seed, openProcess()];
  const at = (index: number) => processes[index % processes.length] ?? seed;

  return {
    /** @returns the category answered */
    async upload(process: number, { person, picture, bytes, claimed, isRecheck }: Upload): Promise<string> {
      const sha256 = bytes ?? sentBy(person, picture);
      pictures.set(sha256, picture);
      const identity = identityOf(person);
      const caller = {
        identity,
        requestId: 'r',
        elapsedMs: () => 0,
        context: {
          deadline: deadlineIn(10_000),
          signal: new AbortController().signal,
          lane: 'single' as const,
          ...(isRecheck && { isRecheck }),
          ...(person.userId !== undefined && { album: identity.claimant }),
        },
      };
      const upload = { sha256, bytes: Buffer.alloc(1), release() {} } as Parameters<
        typeof seed.classifier.classify
      >[0];
      const { answer } = await at(process).classifier.classify(upload, caller, claimed);
      return answer.classification.category;
    },
    async lookUp(process: number, person: Person, hash: string): Promise<string | undefined> {
      const found = await at(process).cache.results.find(hash, identityOf(person).claimant);
      return found?.result.category;
    },
    correct: (process: number, person: Person, hash: string, category: string) =>
      at(process).cache.operations.feedback({ claimant: identityOf(person).claimant, hash, category }),
    forget: (process: number, person: Person) =>
      at(process).cache.operations.forget({ claimants: [identityOf(person).claimant] }),
    /** That process again, with nothing in memory. */
    async restart(process: number): Promise<void> {
      const index = process % processes.length;
      await processes[index]?.grouped.flush();
      await processes[index]?.store.close();
      processes[index] = openProcess();
    },
    pass(ms: number): void {
      now += ms;
    },
    setFailing(isFailing: boolean): void {
      failing = isFailing;
    },
    async close() {
      for (const { grouped, store } of processes) {
        await grouped.flush();
        await store.close();
      }
    },
  };
}
