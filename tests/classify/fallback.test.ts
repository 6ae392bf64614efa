import { expect, test } from 'vitest';
import { withSureFirst } from '../../src/classify/cascade.ts';
import { type Classifier, fresh } from '../../src/classify/classifier.ts';
import { withFallback } from '../../src/classify/fallback.ts';
import { DeadlineError, UnavailableError, UndecodableError, VisionError } from '../../src/errors.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { fakePhoto } from '../support/fake-photo.ts';

const photo = fakePhoto(Buffer.from('a photo'));
const context = () => ({
  deadline: deadlineIn(1_000),
  signal: new AbortController().signal,
  lane: 'single' as const,
});
const failing = (error: Error): Classifier => ({ classify: () => Promise.reject(error) });

/** Answers, and counts how often it was asked. */
function counted() {
  const count = { asked: 0 };
  const classifier: Classifier = {
    async classify() {
      count.asked += 1;
      return fresh({ category: 'pets', confidence: 0.8, method: 'local', model: 'network' });
    },
  };
  return { classifier, count };
}

test.each([
  ['its models', new VisionError('timeout'), 'timeout'],
  ['its time', new DeadlineError(), 'deadline'],
  ['itself', new Error('a bug'), 'unexpected'],
])(
  'where the preferred classifier fails for %s, the other one answers and says so',
  async (_, error, why) => {
    const { classifier, count } = counted();
    const reasons: string[] = [];
    const fallback = withFallback(failing(error), classifier, {
      onFallback: (reason) => reasons.push(reason),
    });
    expect(await fallback.classify(photo, context())).toMatchObject({ degraded: true });
    expect(count.asked).toBe(1);
    expect(reasons).toEqual([why]);
  },
);

test.each([
  [
    'the photo is at fault',
    new UndecodableError('truncated_image', 'The photo is cut short: it ends within its header.'),
  ],
  [
    'there is no room for it',
    new UnavailableError('overloaded', 'Too many photos are waiting to be decoded; try again later.'),
  ],
])('no other model is asked if %s, and nothing counts as a fallback', async (_, error) => {
  const { classifier, count } = counted();
  const reasons: string[] = [];
  const fallback = withFallback(failing(error), classifier, { onFallback: (reason) => reasons.push(reason) });
  await expect(fallback.classify(photo, context())).rejects.toBe(error);
  await expect(withSureFirst(failing(error), classifier, () => true).classify(photo, context())).rejects.toBe(
    error,
  );
  expect(count.asked).toBe(0);
  expect(reasons).toEqual([]);
});
