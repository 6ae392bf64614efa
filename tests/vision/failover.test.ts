import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { RetryBudget } from '../../src/resilience/retry-budget.ts';
import type { VisionAlert, VisionCallReport } from '../../src/vision/calls/call-report.ts';
import { visionClassifier } from '../../src/vision/vision-classifier.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { fakePhoto } from '../support/fake-photo.ts';
import { type Said, vendorSentences } from '../support/vendor-sentences.ts';
import { memoryRefusals, providerAt, refusalMemory, visionOptions } from '../support/vision.ts';

const photo = fakePhoto(readFileSync('docs/samples/cat.jpg'));
let first: FakeLlm;
let backup: FakeLlm;

beforeEach(async () => {
  [first, backup] = await Promise.all([startFakeLlm(), startFakeLlm()]);
});

afterEach(() => Promise.all([first.close(), backup.close()]));

/** One photo, where the first provider says that and the other one answers well. */
async function classified([status, code, message, vendor]: Said) {
  first.behave({ status, body: { error: { code, message } } });
  const alerts: VisionAlert[] = [];
  const calls: VisionCallReport[] = [];
  const own = providerAt({
    name: 'first',
    baseUrl: first.baseUrl,
    model: 'first',
    ...(vendor && { api: { vendor } }),
  });
  const store = memoryRefusals();
  const vision = visionClassifier(
    visionOptions([own, providerAt({ name: 'backup', baseUrl: backup.baseUrl, model: 'backup' })], {
      hooks: { onAlert: (alert) => alerts.push(alert), onCall: (call) => calls.push(call) },
      refusals: refusalMemory(store),
      retryBudget: new RetryBudget({ ratio: 0, floor: 0, windowMs: 60_000 }),
    }),
  );
  const context = {
    deadline: deadlineIn(10_000),
    signal: new AbortController().signal,
    lane: 'single' as const,
  };
  const { classification } = await vision.classify(photo, context);
  return { model: classification.model, alerts, calls, own, remembered: store.saved.length };
}

const named = (sayings: readonly Said[]) =>
  sayings.map((said): [string, Said] => [said.slice(0, 3).join(' '), said]);
const { out_of_credit, bad_key, unusable_model, bad_request, refused } = vendorSentences;
const failing = { out_of_credit, bad_key, unusable_model, bad_request };

describe.each<[string, readonly Said[]]>(Object.entries(failing))('%s', (reason, sayings) => {
  test.each(named(sayings))('%s: the next provider answers, and the alert says why', async (_, said) => {
    const { model, alerts, calls, own } = await classified(said);
    expect(model).toBe('backup');
    expect(alerts).toEqual([{ provider: 'first', reason }]);
    const host = `127.0.0.1:${first.port}`;
    expect(calls).toMatchObject([{ host, outcome: reason, status: said[0] }, { outcome: 'answered' }]);
    expect(own.keys.healthy).toBe(reason === 'bad_key' ? 0 : 1);
  });
});

test.each(named(refused))('%s: the photo alone is to blame', async (_, said) => {
  const { model, alerts, own, remembered } = await classified(said);
  expect([model, alerts, remembered]).toEqual(['backup', [], 0]);
  expect([own.keys.healthy, own.breaker.state]).toEqual([1, 'closed']);
  // With one key and one provider, the next photo is asked about at once.
  first.behave({ content: { category: 'foods', confidence: 0.9 } });
  const next = visionClassifier(visionOptions([own]));
  const context = {
    deadline: deadlineIn(10_000),
    signal: new AbortController().signal,
    lane: 'single' as const,
  };
  expect((await next.classify(photo, context)).classification.category).toBe('foods');
});
