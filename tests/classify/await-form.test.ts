import { expect, test } from 'vitest';
import { type Classifier, type ClassifyContext, fresh } from '../../src/classify/classifier.ts';
import { classifierFor, type Strategy } from '../../src/classify/strategy.ts';
import { BadRequestError } from '../../src/errors.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { fakePhoto } from '../support/fake-photo.ts';

const answering = (method: 'llm' | 'local', asked: string[]): Classifier => ({
  async classify() {
    asked.push(method);
    return fresh({ category: 'pets', confidence: 0.9, method, model: method });
  },
});

function setUp(strategy: Strategy) {
  const asked: string[] = [];
  const plain = (inner: Classifier) => inner;
  const classifier = classifierFor(strategy, {
    local: answering('local', asked),
    vision: answering('llm', asked),
    shared: plain,
    paid: plain,
    isSure: () => false,
    onFallback: () => asked.push('fallback'),
  });
  const analyses: unknown[] = [];
  const photo = fakePhoto(Buffer.from('a photo'), async () => {
    analyses.push('decoded');
    return { rendition: Buffer.from('a photo'), widthPx: 4, heightPx: 3 };
  });
  const { promise: formAccepted, resolve: accept } = Promise.withResolvers<void>();
  const refused = new AbortController();
  const context: ClassifyContext = {
    deadline: deadlineIn(60_000),
    signal: refused.signal,
    lane: 'batch',
    formAccepted,
  };
  const answer = classifier.classify(photo, context);
  answer.catch(() => undefined);
  return { asked, analyses, answer, accept, refuse: (error: Error) => refused.abort(error) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const asking: Strategy[] = ['llm-first', 'llm-only', 'local-first'];

test.each(asking)(
  '%s decodes a photo whose form is on its way, and asks once it is accepted',
  async (one) => {
    const { asked, analyses, answer, accept } = setUp(one);
    await turn();
    expect([asked, analyses]).toEqual([[], ['decoded']]);
    accept();
    expect((await answer).classification.method).toBe('llm');
  },
);

test.each(asking)('%s asks nobody about a photo whose form is refused', async (one) => {
  const { asked, answer, refuse } = setUp(one);
  const error = new BadRequestError('counts_differ', 'one item for three photos');
  refuse(error);
  await expect(answer).rejects.toBe(error);
  expect(asked).toEqual([]);
});

test('local-only waits for no form: it costs nothing', async () => {
  const { asked, answer } = setUp('local-only');
  await answer;
  expect(asked).toEqual(['local']);
});
