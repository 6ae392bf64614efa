import { expect, onTestFinished, test } from 'vitest';
import { withSingleFlight } from '../../src/cache/single-flight.ts';
import { openAlbumLane } from '../../src/classify/album-lane.ts';
import { withAwaitedForm } from '../../src/classify/await-form.ts';
import { type Classifier, type ClassifyContext, fresh } from '../../src/classify/classifier.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { fakePhoto } from '../support/fake-photo.ts';

const photo = fakePhoto(Buffer.from('a photo'));
const contextOf = (lane: ClassifyContext['lane']): ClassifyContext => ({
  deadline: deadlineIn(5_000),
  signal: new AbortController().signal,
  lane,
});
const answer = (method: 'llm' | 'local', model: string) =>
  fresh({ category: 'pets', confidence: 0.8, method, model });

/** A lane whose vendor answers when it is released; others are answered at once. */
function openLane() {
  const asked: string[] = [];
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const lane = openAlbumLane({
    maxBytes: 1e6,
    atOnce: () => 4,
    timeLimitMs: 60_000,
    isProvisional: ({ method }) => method === 'local',
    onOutcome: () => {},
    onCopy: async () => {},
    findErased: async () => () => false,
  });
  onTestFinished(async () => {
    release();
    await lane.close();
  });
  const paid = withSingleFlight({
    async classify(_, context) {
      const { lane } = context;
      asked.push(lane);
      if (lane === 'album') await released;
      return answer('llm', lane);
    },
  });
  const quick: Classifier = { classify: async () => answer('local', 'network') };
  return { lane, asked, classifier: lane.around(withAwaitedForm(paid), { quick, better: paid }) };
}

test('who sent a photo before its call in the lane began gets an own answer, and then the lane asks', async () => {
  const { classifier, asked } = openLane();
  const { promise: formAccepted, resolve: accept } = Promise.withResolvers<void>();
  const own = classifier.classify(photo, { ...contextOf('batch'), formAccepted });
  expect(await classifier.classify(photo, contextOf('album'))).toMatchObject({ better: 'pending' });
  accept();
  expect(await own).toMatchObject({ classification: { method: 'llm', model: 'batch' } });
  await expect.poll(() => asked).toEqual(['batch', 'album']);
});

test.each(['single', 'batch', 'album'] as const)(
  'a photo whose call in the lane is in flight is answered at once (%s)',
  async (lane) => {
    const { classifier, asked } = openLane();
    await classifier.classify(photo, contextOf('album'));
    await expect.poll(() => asked).toEqual(['album']);
    const given = await classifier.classify(photo, contextOf(lane));
    expect(given).toMatchObject({ degraded: true, better: 'pending', classification: { method: 'local' } });
    const again = await classifier.classify(photo, { ...contextOf(lane), isRecheck: true });
    expect(again).toMatchObject({ degraded: true, better: 'pending' });
    expect(asked).toEqual(['album']);
  },
);
