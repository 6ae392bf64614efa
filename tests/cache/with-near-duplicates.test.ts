import { expect, test } from 'vitest';
import { withNearDuplicates } from '../../src/cache/with-near-duplicates.ts';
import type { Answer, Classification, ClassifyContext } from '../../src/classify/classifier.ts';
import { fresh } from '../../src/classify/classifier.ts';
import type { Fingerprint } from '../../src/image/photo.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { fingerprintOf, resultOf, sha256Of } from '../contracts/rows.ts';
import { fakePhoto } from '../support/fake-photo.ts';

const beach = fingerprintOf('beach');
const answerOf = (changes: Partial<Classification> = {}): Answer =>
  fresh({ category: 'pets', confidence: 0.9, method: 'llm', model: 'eyes', ...changes });

interface World {
  /** The store's answer to a look-up; `down` where it has none. */
  stored?: string | 'down';
  /** What memory has of the photo itself by then. */
  known?: string;
  answer?: () => Promise<Answer>;
}

function setUp({ stored, known, answer = async () => answerOf() }: World = {}) {
  const asked: string[] = [];
  const saved: string[] = [];
  const outcomes: string[] = [];
  const remembered = (name: string) => ({
    result: resultOf(name, { category: 'foods' }),
    from: 'store' as const,
    isProvisional: false,
  });
  const classifier = withNearDuplicates(
    {
      async classify({ sha256 }) {
        asked.push(sha256);
        return answer();
      },
    },
    {
      cache: {
        inMemory: () => (known === undefined ? undefined : remembered(known)),
        async findNearDuplicate() {
          if (stored === 'down') throw new Error('down');
          return stored === undefined ? undefined : remembered(stored);
        },
        async saveFingerprint(album, sha256) {
          saved.push(`${album} ${sha256}`);
        },
        countHit() {},
        addColour: async () => {},
      },
      onLookup: (outcome) => outcomes.push(outcome),
    },
  );
  const context: ClassifyContext = {
    deadline: deadlineIn(60_000),
    signal: new AbortController().signal,
    lane: 'batch',
    album: 'anna',
  };
  const classify = (
    name: string,
    changes: Partial<ClassifyContext> = {},
    fingerprint: Fingerprint | null = beach,
  ) => {
    const photo = fakePhoto(Buffer.from(name), async () => ({
      rendition: Buffer.from(name),
      widthPx: 4,
      heightPx: 3,
      ...(fingerprint && { fingerprint }),
    }));
    const { album, ...rest } = { ...context, ...changes };
    return classifier.classify(photo, album === undefined ? rest : { ...rest, album });
  };
  return { asked, saved, outcomes, classify };
}

test('a copy of a stored photo gets its answer, is not asked about and saves nothing', async () => {
  const { classify, asked, saved, outcomes } = setUp({ stored: 'original' });
  const { classification, from, original } = await classify('copy');
  expect([classification.category, from, original]).toEqual(['foods', 'store', sha256Of('original')]);
  expect([asked, saved, outcomes]).toEqual([[], [], ['answered']]);
});

test('the first of its kind is asked about, and its fingerprint is saved for its album', async () => {
  const { classify, asked, saved, outcomes } = setUp();
  const answer = await classify('beach');
  await answer.written;
  expect([answer.from, answer.original]).toEqual(['model', undefined]);
  expect([asked.length, outcomes]).toEqual([1, ['none']]);
  expect(saved).toEqual([`anna ${sha256Of('beach')}`]);
});

test.each<[string, World, Partial<ClassifyContext>, Fingerprint | null]>([
  ['it comes without a user id', { stored: 'original' }, { album: undefined } as object, beach],
  ['the picture has no features', { stored: 'original' }, {}, null],
  ['the store is down', { stored: 'down' }, {}, beach],
  ['an operator wants it classified anew', { stored: 'original' }, { isRecheck: true }, beach],
])('where %s, the model is asked', async (_, world, changes, fingerprint) => {
  const { classify, asked } = setUp(world);
  expect((await classify('photo', changes, fingerprint)).from).toBe('model');
  expect(asked).toHaveLength(1);
});

test.each<[string, () => Promise<Answer>]>([
  ['of the local model', async () => answerOf({ method: 'local' })],
  ['that only stands in', async () => ({ ...answerOf(), degraded: true })],
])('an answer %s makes no original', async (_, answer) => {
  const { classify, saved, asked } = setUp({ answer });
  await Promise.all([classify('one'), classify('other')]);
  expect(saved).toEqual([]);
  expect(asked).toHaveLength(2);
});

test('copies that arrive together are asked about once', async () => {
  const { promise: release, resolve } = Promise.withResolvers<Answer>();
  const { classify, asked } = setUp({ answer: () => release });
  const answers = ['a', 'b', 'c'].map((name) => classify(name));
  const other = classify('a', { album: 'bert' });
  await expect.poll(() => asked.length).toBe(2);
  resolve({ ...answerOf(), costMicro: 7 });
  const [original, ...copies] = await Promise.all(answers);
  expect(original).toMatchObject({ from: 'model', costMicro: 7 });
  for (const copy of copies) {
    expect(copy).toMatchObject({ from: 'flight', original: sha256Of('a') });
    expect(copy.costMicro).toBeUndefined();
  }
  expect((await other).from).toBe('model');
  expect(asked).toHaveLength(2);
});

test('a copy whose original fails makes its own call', async () => {
  let calls = 0;
  const { classify, asked } = setUp({
    async answer() {
      calls += 1;
      if (calls === 1) throw new Error('refused');
      return answerOf();
    },
  });
  const [original, copy] = await Promise.allSettled([classify('a'), classify('b')]);
  expect([original?.status, copy?.status]).toEqual(['rejected', 'fulfilled']);
  expect(asked).toHaveLength(2);
});

test('a copy waits for its original no longer than it can', async () => {
  const { promise: never } = Promise.withResolvers<Answer>();
  let calls = 0;
  const { classify } = setUp({ answer: () => (calls++ === 0 ? never : Promise.resolve(answerOf())) });
  void classify('a');
  const copy = await classify('b', { deadline: { leftMs: () => 1000 } });
  expect(copy.from).toBe('model');
  const gone = new AbortController();
  const late = classify('c', { signal: gone.signal });
  gone.abort(new Error('gone'));
  await expect(late).rejects.toThrow('gone');
});

test('what another request found out about the photo meanwhile is not asked again', async () => {
  const { classify, asked, saved } = setUp({ known: 'photo' });
  expect((await classify('photo')).classification.category).toBe('foods');
  expect([asked.length, saved.length]).toEqual([0, 1]);
});
