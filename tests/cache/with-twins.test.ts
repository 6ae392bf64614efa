import { expect, test, vi } from 'vitest';
import { withTwins } from '../../src/cache/with-twins.ts';
import { type Classifier, fresh } from '../../src/classify/classifier.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { lookOf, resultOf } from '../store/rows.ts';
import { fakePhoto } from '../support/fake-photo.ts';

const context = { deadline: deadlineIn(1000), signal: new AbortController().signal, lane: 'single' as const };
const look = { ...lookOf('beach'), doubtful: [] };

function setUp(
  mode: 'off' | 'shadow' | 'on',
  { twin = 'pets' as string | null, hasLook = true, isDown = false } = {},
) {
  const asked = vi.fn();
  const inner: Classifier = {
    async classify() {
      asked();
      return fresh({ category: 'pets', confidence: 0.9, method: 'llm', model: 'eyes' });
    },
  };
  const outcomes: string[] = [];
  const cache = {
    async findTwin() {
      if (isDown) throw new Error('down');
      return twin === null
        ? undefined
        : { result: resultOf('twin', { category: twin }), from: 'store' as const, isProvisional: false };
    },
    countHit: async () => {},
  };
  const photo = fakePhoto(Buffer.from('photo'), async () => ({
    rendition: Buffer.from('photo'),
    widthPx: 4,
    heightPx: 3,
    ...(hasLook && { look }),
  }));
  const classifier = withTwins(inner, { mode, cache, onTwin: (outcome) => outcomes.push(outcome) });
  return { asked, outcomes, classify: (more = {}) => classifier.classify(photo, { ...context, ...more }) };
}

test('on: a twin’s answer is given, and nobody is asked', async () => {
  const { classify, asked, outcomes } = setUp('on', { twin: 'foods' });
  const { classification, from, saidOf, isRemembered } = await classify();
  expect([classification.category, from, saidOf, isRemembered]).toEqual([
    'foods',
    'store',
    resultOf('twin').sha256,
    true,
  ]);
  expect(asked).not.toHaveBeenCalled();
  expect(outcomes).toEqual(['answered']);
});

test.each([
  ['there is no twin', { twin: null }],
  ['the picture has no features', { hasLook: false }],
  ['the store is down', { isDown: true }],
])('on: where %s, the model is asked', async (_, options) => {
  const { classify, asked } = setUp('on', options);
  expect((await classify()).from).toBe('model');
  expect(asked).toHaveBeenCalledOnce();
});

test.each([
  ['right', 'pets'],
  ['wrong', 'foods'],
  ['none', null],
])('shadow: the model is asked, and the twin is counted as %s', async (outcome, twin) => {
  const { classify, asked, outcomes } = setUp('shadow', { twin });
  expect((await classify()).classification.category).toBe('pets');
  expect(asked).toHaveBeenCalledOnce();
  await expect.poll(() => outcomes).toEqual([outcome]);
});

test('off, and for a photo to be classified anew, no twin is looked for', async () => {
  const off = setUp('off', { twin: 'foods' });
  expect((await off.classify()).classification.category).toBe('pets');
  const on = setUp('on', { twin: 'foods' });
  expect((await on.classify({ isRecheck: true })).classification.category).toBe('pets');
  expect([...off.outcomes, ...on.outcomes]).toEqual([]);
});
