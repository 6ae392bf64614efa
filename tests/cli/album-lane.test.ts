import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { writeColourModel } from '../support/tiny-model.ts';
import { vendorErrors } from '../support/vendor-errors.ts';
import { runCli, startCli } from './run-cli.ts';

// Each run is a process with a child of its own.
vi.setConfig({ testTimeout: 180_000, expect: { poll: { timeout: 120_000 } } });

const photos = 6;
const callUsd = 0.05;

let folder: string;
let everyday: FakeLlm;
let slow: FakeLlm;
let environment: Record<string, string>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'album-lane-cli-'));
  const behave = {
    content: { category: 'pets', confidence: 0.9 },
    usage: { inputTokens: 1e6, outputTokens: 0 },
  };
  everyday = await startFakeLlm({ behave });
  slow = await startFakeLlm({ behave });
  // The local model says foods, the LLM says pets.
  await writeColourModel(join(folder, 'model'), { labels: ['foods', 'pets', 'other'] });
  const create = { width: 64, height: 64, channels: 3, background: '#963' } as const;
  const picture = await sharp({ create }).jpeg().toBuffer();
  mkdirSync(join(folder, 'album'));
  for (let index = 0; index < photos; index++)
    writeFileSync(join(folder, 'album', `${index}.jpg`), Buffer.concat([picture, Buffer.from(`#${index}`)]));
  environment = {
    MODEL_DIR: join(folder, 'model'),
    NEAR_DUPLICATES: 'off',
    LLM_PROVIDERS: 'everyday,slow',
    LLM_EVERYDAY_PROVIDER: 'openai',
    LLM_EVERYDAY_BASE_URL: everyday.baseUrl,
    LLM_EVERYDAY_MODEL: 'eyes',
    LLM_EVERYDAY_PRICE_INPUT: String(2 * callUsd),
    LLM_SLOW_PROVIDER: 'openai',
    LLM_SLOW_BASE_URL: slow.baseUrl,
    LLM_SLOW_MODEL: 'eyes',
    LLM_SLOW_PRICE_INPUT: String(callUsd),
    LLM_SLOW_LANE: 'album',
  };
});
afterEach(async () => {
  await Promise.all([everyday.close(), slow.close()]);
  rmSync(folder, { recursive: true });
});

/** Of the statistics of runs in this folder. */
function tallied(topic: string): number {
  using database = new DatabaseSync(join(folder, 'data/album-classifier.db'), { readOnly: true });
  const sql = 'SELECT sum(n) AS n FROM tallies WHERE level = 2 AND topic = ?';
  return Number(database.prepare(sql).get(topic)?.n ?? 0);
}

test('a run has local answers at once, waits for better ones, and pays half for each', async () => {
  const release = slow.hold();
  const running = startCli(folder, ['classify', 'album'], environment);
  const journal = () => readFileSync(join(folder, 'data/album-journal.ndjson'), 'utf8');
  await expect.poll(() => journal().match(/"betterAnswer":"pending"/g)?.length ?? 0).toBe(photos);
  release();
  const { code, rows, summary, err } = await running.done;
  expect(code).toBe(0);
  expect(err).toContain(`Waiting for ${photos} better answers at half price.`);
  expect(rows.map(({ category }) => category)).toEqual(Array(photos).fill('pets'));
  expect(summary).toMatchObject({ succeeded: photos, by_llm: photos, by_local: 0, degraded: 0 });
  expect(summary.spent).toBeCloseTo(photos * callUsd);
  expect([slow.calls.length, everyday.calls.length]).toEqual([photos, 0]);
  // A look-up that waits for a better answer is no further photo, and saves no call.
  expect(tallied('upload')).toBe(photos);
  expect([tallied('lookup'), tallied('saved')]).toEqual([0, 0]);
  const again = await runCli(folder, ['classify', 'album'], environment);
  expect(again.summary).toMatchObject({ done_earlier: photos, spent: 0 });
  expect(slow.calls).toHaveLength(photos);
});

longTest('an interrupted wait keeps the local answers, and the next run gets the better ones', async () => {
  const release = slow.hold();
  const running = startCli(folder, ['classify', 'album'], environment);
  running.child.stderr?.on('data', (text: string) => {
    if (text.includes('Waiting for')) running.child.kill('SIGINT');
  });
  const first = await running.done;
  release();
  expect(first.code).toBe(130);
  expect(first.rows.map(({ better_answer }) => better_answer)).toEqual(Array(photos).fill('pending'));
  expect(first.summary).toMatchObject({ succeeded: photos, by_local: photos, provisional: photos });
  const second = await runCli(folder, ['classify', 'album'], { ...environment, PROVISIONAL_TTL: '0' });
  expect(second.code).toBe(0);
  expect(second.summary).toMatchObject({ by_llm: photos, by_local: 0 });
});

test('a lane that fails falls back to the usual price as far as --max-cost allows', async () => {
  slow.behave(vendorErrors.openai.model);
  // Of the first call the price is only estimated, so that further calls wait for it.
  const args = ['classify', 'album', '-c', '1', '--max-cost', String(7 * callUsd)];
  const { code, summary, err } = await runCli(folder, args, environment);
  expect(code).toBe(0);
  expect(everyday.calls).toHaveLength(3);
  expect(summary).toMatchObject({ succeeded: photos, by_llm: 3, degraded: photos - 3 });
  expect(summary.spent).toBeCloseTo(6 * callUsd);
  expect(err).toContain('The money for this run is used up (--max-cost)');
});

test('--max-cost needs prices, and says so', async () => {
  const unpriced = { ...environment, LLM_EVERYDAY_PRICE_INPUT: '' };
  const { code, err } = await runCli(folder, ['classify', 'album', '--max-cost', '1'], unpriced);
  expect([code, err.includes('--max-cost needs the price of eyes')]).toEqual([2, true]);
});

longTest('with --full-price photos don’t wait', async () => {
  const { rows, summary } = await runCli(folder, ['classify', 'album', '--full-price'], environment);
  expect(rows.map(({ inference_method }) => inference_method)).toEqual(Array(photos).fill('llm'));
  expect(summary.spent).toBeCloseTo(photos * 2 * callUsd);
  expect([slow.calls.length, everyday.calls.length]).toEqual([0, photos]);
});

test('a server goes on without the run, which finds the answers later, waits for them, or sorts by them', async () => {
  const release = slow.hold();
  const app = await startApp({ ...environment, SQLITE_FILE: join(folder, 'server.db') });
  try {
    const first = await runCli(folder, ['classify', 'album', '--server', app.url]);
    expect(first.code).toBe(0);
    expect(first.rows.map(({ category }) => category)).toEqual(Array(photos).fill('foods'));
    expect(first.err).toContain(`${photos} photos have provisional answers`);
    const sorting = startCli(folder, [
      'classify',
      'album',
      '--server',
      app.url,
      '--copy',
      'sorted',
      '--apply',
    ]);
    sorting.child.stderr?.on('data', (text: string) => {
      if (text.includes('Waiting for')) release();
    });
    expect((await sorting.done).code).toBe(0);
    expect(readdirSync(join(folder, 'sorted'))).toEqual(['pets']);
    expect(slow.calls).toHaveLength(photos);
    const last = await runCli(folder, ['classify', 'album', '--server', app.url, '--wait', '--no-journal']);
    expect(last.summary).toMatchObject({ from_cache: photos, degraded: 0 });
    expect([slow.calls.length, everyday.calls.length]).toEqual([photos, 0]);
    // Each run counts each photo once, however often it looks it up.
    expect((await app.services.stats.today()).photos).toBe(3 * photos);
  } finally {
    release();
    await app.close();
  }
});
