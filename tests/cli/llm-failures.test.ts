import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { runCli, startCli } from './run-cli.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let fake: FakeLlm;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'album-llm-failures-'));
  mkdirSync(join(folder, 'album'));
  for (let index = 0; index < 12; index += 1)
    writeFileSync(
      join(folder, 'album', `${index}.jpg`),
      Buffer.concat([sampleBytes('bank-card.jpg'), Buffer.from(String(index))]),
    );
  fake = await startFakeLlm();
});
afterEach(async () => {
  await fake.close();
  rmSync(folder, { recursive: true });
});

const refusal = {
  status: 401,
  body: {
    error: { type: 'invalid_request_error', code: 'invalid_api_key', message: 'Wrong key: sk-secret' },
  },
};

describe('the end of a run says why the LLM did not answer', () => {
  longTest('and where it was looked for, in this process', async () => {
    const dead = { LLM_BASE_URL: 'http://127.0.0.1:9/v1', LLM_BACKOFF: '0.01' };
    const { code, err, summary } = await runCli(folder, ['classify', 'album'], dead);
    expect(code).toBe(0);
    expect(err).toMatch(/^ {2}LLM not reached: ECONNREFUSED 127\.0\.0\.1:9, (1 call|\d+ calls)$/m);
    expect(summary).toMatchObject({ succeeded: 12, degraded: 12 });
    const failure = {
      class: 'network',
      code: 'ECONNREFUSED',
      host: '127.0.0.1:9',
      count: expect.any(Number),
    };
    expect(summary.llm_failures).toEqual([
      { ...failure, words: 'LLM not reached: ECONNREFUSED 127.0.0.1:9' },
    ]);
  });

  test('as far as a server tells', async () => {
    fake.behave(refusal);
    const app = await startApp({ LLM_BASE_URL: fake.baseUrl, LLM_API_KEY: 'sk-secret' });
    const { code, err, summary } = await runCli(folder, ['classify', 'album', '--server', app.url]);
    await app.close();
    expect(code).toBe(0);
    expect(err).toMatch(/^ {2}LLM refused the key \(401 invalid_api_key\)$/m);
    expect(err).not.toMatch(/sk-secret|127\.0\.0\.1/);
    expect(summary.llm_failures).toMatchObject([{ class: 'bad_key', status: 401, code: 'invalid_api_key' }]);
  });

  test('and nothing where it did, after a second try perhaps', async () => {
    fake.behave(({ index }) =>
      index === 0 ? { status: 500, body: 'no' } : { content: { category: 'pets', confidence: 0.9 } },
    );
    const own = { LLM_BASE_URL: fake.baseUrl, LLM_BACKOFF: '0.01' };
    const { code, err, summary } = await runCli(folder, ['classify', 'album'], own);
    expect(code).toBe(0);
    expect(err).not.toContain('LLM failed');
    expect(summary).not.toHaveProperty('llm_failures');
  });
});

describe('a run ends with its summary, where a call takes longer than its photo may', () => {
  const impatient = ['classify', 'album/0.jpg', '--max-wait-time', '3'];
  const answer = { category: 'pets', confidence: 0.9 };

  longTest('and gives up the call', async () => {
    const release = fake.hold();
    const { code, rows } = await runCli(folder, impatient, {
      LLM_BASE_URL: fake.baseUrl,
      LLM_TIMEOUT: '600',
    });
    expect(code).toBe(0);
    expect(rows).toMatchObject([{ inference_method: 'local', degraded: true }]);
    expect(fake.calls).toMatchObject([{ isAborted: true }]);
    release();
  });

  longTest('but remembers an answer that comes a moment later', async () => {
    fake.behave({ content: answer });
    const own = { LLM_BASE_URL: fake.baseUrl };
    const release = fake.hold();
    const running = startCli(folder, impatient, own);
    running.child.stdout?.once('data', release);
    expect((await running.done).rows).toMatchObject([{ inference_method: 'local' }]);
    const again = await runCli(folder, [...impatient, '--redo-degraded'], own);
    expect(again.rows).toMatchObject([{ category: 'pets', inference_method: 'cache' }]);
    expect(fake.calls).toHaveLength(1);
  });
});

describe('where only LLMs may answer', () => {
  test('a run ends early when no key is taken, and goes on once one is', async () => {
    fake.behave(refusal);
    const own = {
      LLM_BASE_URL: fake.baseUrl,
      LLM_API_KEY: 'sk-secret',
      STRATEGY: 'llm-only',
      NEAR_DUPLICATES: 'off',
    };
    const args = ['classify', 'album', '--concurrency', '1'];
    const first = await runCli(folder, args, own);
    expect(first.code).toBe(1);
    expect(first.err).toContain(
      'LLM refused the key (401 invalid_api_key): no photo can be classified until that is fixed.',
    );
    expect(first.err).toContain('cli.ts classify album --concurrency 1');
    expect(first.err).not.toContain('sk-secret');
    expect(first.summary.failed).toBeLessThanOrEqual(4);
    expect(first.summary.unfinished).toBe(12 - first.summary.failed);
    expect(fake.requestCount).toBeLessThanOrEqual(4);
    fake.behave({ content: { category: 'pets', confidence: 0.9 } });
    const second = await runCli(folder, args, own);
    expect(second.code).toBe(0);
    expect(second.summary).toMatchObject({ succeeded: 12, by_llm: 12 });
  });

  test('a run goes on while another key or provider answers', async () => {
    fake.behave(({ headers }) =>
      headers.authorization === 'Bearer sk-good'
        ? { content: { category: 'pets', confidence: 0.9 } }
        : refusal,
    );
    const own = {
      LLM_BASE_URL: fake.baseUrl,
      LLM_API_KEY: 'sk-secret,sk-good',
      STRATEGY: 'llm-only',
      NEAR_DUPLICATES: 'off',
    };
    const { code, summary } = await runCli(folder, ['classify', 'album'], own);
    expect(code).toBe(0);
    expect(summary).toMatchObject({ succeeded: 12, failed: 0 });
  });
});
