import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openCache } from '../../src/cache/open-cache.ts';
import { type Classifier, type ClassifyContext, fresh } from '../../src/classify/classifier.ts';
import type { Strategy } from '../../src/classify/strategy.ts';
import { openPipeline } from '../../src/compose/pipeline.ts';
import { BadRequestError } from '../../src/errors.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import type { Store } from '../../src/store/store.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import type { StoreFixture } from '../contracts/store-place.ts';
import { fakePhoto } from '../support/fake-photo.ts';

let fixture: StoreFixture;
let store: Store;
beforeAll(async () => {
  fixture = await sqliteFixture();
  store = fixture.open();
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  await fixture.remove();
});

const answering = (method: 'llm' | 'local', asked: string[]): Classifier => ({
  async classify() {
    asked.push(method);
    return fresh({ category: 'pets', confidence: 0.9, method, model: method });
  },
});

let photos = 0;

function setUp(strategy: Strategy) {
  photos += 1;
  const asked: string[] = [];
  const grouped = withGroupCommit(store);
  const { results } = openCache({
    store,
    grouped,
    version: strategy,
    provisionalMs: 0,
    isProvisional: () => false,
    isCategory: () => true,
    memoryEntries: 10,
    memoryMs: 1_000,
    recordsMs: 1e12,
    resultsMs: 0,
    maxResults: 0,
    hooks: { onWriteFailure() {} },
  });
  const classifier = openPipeline(strategy, {
    results,
    leases: grouped,
    version: strategy,
    local: answering('local', asked),
    llm: answering('llm', asked),
    rules: { isSure: () => false, nearDuplicates: false, shadowPercent: 0 },
    hooks: { onFallback: () => asked.push('fallback') },
  });
  const analyses: unknown[] = [];
  const photo = fakePhoto(Buffer.from(`photo ${photos}`), async () => {
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

const asking: Strategy[] = ['llm-first', 'llm-only', 'local-first'];

test.each(asking)('%s decodes a photo whose form is incomplete, and calls the LLM later', async (one) => {
  const { asked, analyses, answer, accept } = setUp(one);
  await vi.waitFor(() => expect(analyses).toEqual(['decoded']));
  expect(asked).toEqual([]);
  accept();
  expect((await answer).classification.method).toBe('llm');
});

test.each(asking)('%s calls no model for a photo whose form is refused', async (one) => {
  const { asked, answer, refuse } = setUp(one);
  const error = new BadRequestError('counts_differ', 'The body is malformed or incomplete.');
  refuse(error);
  await expect(answer).rejects.toBe(error);
  expect(asked).toEqual([]);
});

test('local-only waits for no form: it costs nothing', async () => {
  const { asked, answer } = setUp('local-only');
  await answer;
  expect(asked).toEqual(['local']);
});
