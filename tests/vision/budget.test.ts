import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UnavailableError } from '../../src/errors.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import type { Store } from '../../src/store/store.ts';
import { openRunBudget } from '../../src/vision/calls/run-budget.ts';
import { openVision } from '../../src/vision/open-vision.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { fakePhoto } from '../support/fake-photo.ts';
import { llmOptions, memoryRefusals, prompt, taxonomy } from '../support/vision.ts';

const jpeg = readFileSync('docs/samples/cat.jpg');
/** 310 tokens in and 28 out, as the fake vendor counts them, at 0.4 and 1.6. */
const callMicro = Math.ceil(310 * 0.4 + 28 * 1.6);

let fake: FakeLlm;
let fixture: Awaited<ReturnType<typeof sqliteFixture>>;
const stores: Store[] = [];
let logged: string;

beforeEach(async () => {
  logged = '';
  fake = await startFakeLlm();
  fixture = await sqliteFixture();
});

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await Promise.all([fake.close(), fixture.remove()]);
});

async function visionWith(dailyMicro: number) {
  const store = fixture.open();
  await store.migrate();
  stores.push(store);
  const llm = llmOptions(fake.baseUrl, {
    budget: { dailyMicro, monthlyMicro: Number.POSITIVE_INFINITY },
    maxWaiting: 1_000,
  });
  const log = pino({ level: 'warn' }, { write: (line: string) => (logged += line) });
  const parts = { taxonomy, prompt, timeZone: 'UTC', ledger: store, refusals: memoryRefusals(), log };
  return openVision(llm, { ...parts, hooks: {} });
}

async function outcomes(visions: readonly Awaited<ReturnType<typeof visionWith>>[], photos: number) {
  const context = () => ({
    deadline: deadlineIn(20_000),
    signal: new AbortController().signal,
    lane: 'single' as const,
  });
  const asked = Array.from({ length: photos }, (_, index) => {
    const photo = fakePhoto(Buffer.concat([jpeg, Buffer.from(String(index))]));
    return visions[index % visions.length]?.classifier.classify(photo, context()).then(
      () => 'answered',
      (error: { reason: string }) => error.reason,
    );
  });
  const counts: Record<string, number> = {};
  for (const outcome of await Promise.all(asked)) counts[outcome ?? ''] = (counts[outcome ?? ''] ?? 0) + 1;
  return counts;
}

test.each([1, 2])(
  '500 photos at once spend a budget of 100 calls and no more, over %i process(es)',
  async (count) => {
    const visions = await Promise.all(Array.from({ length: count }, () => visionWith(100 * callMicro)));
    const { answered = 0, over_budget = 0 } = await outcomes(visions, 500);
    expect(fake.requestCount).toBe(answered);
    expect(answered).toBeLessThanOrEqual(105);
    expect(answered).toBeGreaterThanOrEqual(80);
    expect(answered + over_budget).toBe(500);
    expect(visions.map((vision) => vision.state().isOverBudget)).toEqual(visions.map(() => true));
    expect(visions.map((vision) => vision.health())).toEqual(visions.map(() => 'over_budget'));
    expect(logged.match(/budget for LLM calls is used up/g)).toHaveLength(count);
    const sums = await fixture.rows('SELECT spent_micro FROM llm_spend');
    await expect
      .poll(async () => sums.map(({ spent_micro }) => Number(spent_micro) <= 105 * callMicro))
      .toEqual([true, true]);
  },
);

test('a budget for a model without a price is refused', () => {
  const llm = llmOptions(fake.baseUrl, { budget: { dailyMicro: 1, monthlyMicro: 1 } });
  const [provider] = llm.providers;
  const unpriced = { ...llm, providers: [{ ...provider, priceInput: undefined, priceOutput: undefined }] };
  expect(() => openVision(unpriced as typeof llm, {} as never)).toThrow(/LLM_PRICE_INPUT/);
});

test('a store that is down keeps no run with a budget of its own from asking', async () => {
  const down = async () => {
    throw new UnavailableError(
      'store_unavailable',
      'The store cannot be used at the moment; try again later.',
    );
  };
  const runBudget = openRunBudget(100 * callMicro);
  const log = pino({ level: 'silent' });
  const parts = { taxonomy, prompt, timeZone: 'UTC', refusals: memoryRefusals(), log, hooks: {}, runBudget };
  const ledger = { reserveSpend: down, addSpend: down };
  const vision = await openVision(llmOptions(fake.baseUrl, { maxWaiting: 1_000 }), { ...parts, ledger });
  expect(await outcomes([vision], 5)).toEqual({ answered: 5 });
  expect(runBudget.spentMicro).toBe(5 * callMicro);
});
