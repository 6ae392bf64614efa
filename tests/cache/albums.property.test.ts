import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openCache } from '../../src/cache/open-cache.ts';
import { type Classifier, fresh } from '../../src/classify/classifier.ts';
import { openPipeline } from '../../src/compose/pipeline.ts';
import { openPhotoClassifier } from '../../src/photos/classify-photo.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { identityOf } from '../../src/stats/caller-identity.ts';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import { mysqlFixture } from '../contracts/mysql-place.ts';
import { fingerprintOf, sha256Of } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import type { StoreFixture } from '../contracts/store-place.ts';
import { fakePhoto } from '../support/fake-photo.ts';
import { describeWithMysql } from '../support/mysql.ts';
import { propertyRuns } from '../support/property-runs.ts';

/** Pictures of one look count as the same in one album; in truth each shows something else. */
const looks = ['cat', 'soup'];
const categories = ['pets', 'foods', 'idcard', 'other'];
const pictures = looks.flatMap((look) => categories.map((category) => ({ look, category })));
type Picture = (typeof pictures)[number];
const bytesOf = ({ look, category }: Picture) => Buffer.from(`${look} that is ${category}`);
const hashOf = (picture: Picture) => sha256Of(bytesOf(picture).toString());

const people = [
  { userId: 'anna', address: '192.0.2.1' },
  { userId: 'bert', address: '192.0.2.1' },
  { address: '192.0.2.1' },
  { address: '198.51.100.7' },
] as const;
type Person = (typeof people)[number];

/** Two processes on one store, with an LLM that knows what each picture shows. */
async function openWorld(fixture: StoreFixture) {
  const llm: Classifier = {
    async classify({ sha256 }) {
      await new Promise((resolve) => setImmediate(resolve));
      const category = pictures.find((picture) => hashOf(picture) === sha256)?.category ?? 'other';
      return fresh({ category, confidence: 0.9, method: 'llm', model: 'eyes' });
    },
  };
  const openProcess = () => {
    const store = fixture.open();
    const grouped = withGroupCommit(store);
    const cache = openCache({
      store,
      grouped,
      version: 'v1',
      provisionalMs: 0,
      isProvisional: () => false,
      isCategory: () => true,
      memoryEntries: 1000,
      memoryMs: 30_000,
      recordsMs: 1e12,
      resultsMs: 0,
      maxResults: 0,
      hooks: { onWriteFailure() {} },
    });
    const pipeline = openPipeline('llm-only', {
      results: cache.results,
      leases: grouped,
      version: 'v1',
      llm,
      local: undefined,
      rules: { isSure: () => false, nearDuplicates: true, shadowPercent: 0 },
    });
    const photos = new Map(pictures.map((picture) => [hashOf(picture), picture]));
    const classifier = openPhotoClassifier({
      photos: {
        open({ sha256 }) {
          const picture = photos.get(sha256) as Picture;
          const analysis = { rendition: Buffer.from('x'), widthPx: 4, heightPx: 3 };
          const fingerprint = fingerprintOf(picture.look, looks.indexOf(picture.look));
          return { ...fakePhoto(bytesOf(picture), async () => ({ ...analysis, fingerprint })), close() {} };
        },
      },
      classifier: pipeline,
      cache: cache.results,
      recorder: { answered() {}, failed() {} },
    });
    return { store, grouped, cache, classifier };
  };
  const processes = [openProcess(), openProcess()] as const;
  await processes[0].store.migrate();
  return {
    async upload(at: 0 | 1, person: Person, picture: Picture): Promise<string> {
      const identity = identityOf(person);
      const signal = new AbortController().signal;
      const album = identity.userId !== undefined && { album: identity.claimant };
      const context = { deadline: deadlineIn(60_000), signal, lane: 'batch' as const, ...album };
      const caller = { identity, requestId: 'r', elapsedMs: () => 0, context };
      const upload = { sha256: hashOf(picture), bytes: bytesOf(picture), release() {} };
      const { answer } = await processes[at].classifier.classify(upload as never, caller);
      return answer.classification.category;
    },
    async lookUp(at: 0 | 1, person: Person, picture: Picture): Promise<string | undefined> {
      const found = await processes[at].cache.results.find(hashOf(picture), identityOf(person).claimant);
      return found?.result.category;
    },
    async close() {
      for (const { grouped, store } of processes) {
        await grouped.flush();
        await store.close();
      }
      await fixture.remove();
    },
  };
}

interface Step {
  readonly at: 0 | 1;
  readonly person: Person;
  readonly picture: Picture;
  readonly kind: 'upload' | 'look-up';
}

const step: fc.Arbitrary<Step> = fc.record({
  at: fc.constantFrom(0 as const, 1 as const),
  person: fc.constantFrom(...people),
  picture: fc.constantFrom(...pictures),
  kind: fc.constantFrom('upload' as const, 'upload' as const, 'look-up' as const),
});

/** Allowed answers for a picture: its own category, or that of a similar picture in the same album. */
function allowedFor({ person, picture }: Step, uploaded: readonly Step[]): Set<string> {
  const own = 'userId' in person ? uploaded.filter((one) => one.person === person) : [];
  const alike = own.filter((one) => one.picture.look === picture.look);
  return new Set([picture.category, ...alike.map((one) => one.picture.category)]);
}

async function holds(fixture: StoreFixture, rounds: readonly (readonly Step[])[]): Promise<void> {
  const world = await openWorld(fixture);
  const uploaded: Step[] = [];
  try {
    for (const round of rounds) {
      uploaded.push(...round.filter(({ kind }) => kind === 'upload'));
      await Promise.all(
        round.map(async (one) => {
          const { at, person, picture, kind } = one;
          const answer = await (kind === 'upload' ? world.upload : world.lookUp)(at, person, picture);
          if (kind === 'upload' || answer !== undefined)
            expect([...allowedFor(one, uploaded)], JSON.stringify(one)).toContain(answer);
        }),
      );
    }
  } finally {
    await world.close();
  }
}

/** Those of a round come at the same time. */
const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 });

describe('whatever others send, a caller gets the photo’s category, or that of a near duplicate in its own album', () => {
  test('on SQLite', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (steps) => holds(await sqliteFixture(), steps)),
      propertyRuns(40),
    );
  });
});

describeWithMysql('the same', (server) => {
  test('on MySQL', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (steps) => holds(await mysqlFixture(server), steps)),
      propertyRuns(5),
    );
  });
});
