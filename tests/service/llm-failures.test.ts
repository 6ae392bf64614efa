import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formOf, get, post, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { freePort } from '../support/free-port.ts';
import { longTest } from '../support/long-test.ts';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly count?: number;
  readonly provider?: string;
}

let llm: FakeLlm;
let logged: Line[];
let app: Awaited<ReturnType<typeof startApp>>;

beforeEach(async () => {
  llm = await startFakeLlm();
  logged = [];
});
afterEach(async () => {
  await app.close();
  await llm.close();
});

async function start(environment: Record<string, string>): Promise<void> {
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  app = await startApp(
    { OPS_TOKEN: 'ops', LLM_BACKOFF: '0.01', LLM_BACKOFF_MAX: '0.01', ...environment },
    log,
  );
}

async function classified(count: number, from = 0): Promise<void> {
  for (let index = from; index < from + count; index += 1) {
    const value = Buffer.concat([sampleBytes('bank-card.jpg'), Buffer.from(String(index))]);
    const { status } = await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value }]));
    expect(status).toBe(200);
  }
}

const health = async () => (await get(`${app.url}/api/v1/health`)).body;

/** What the page of operators is fed with. */
async function opsState() {
  const response = await fetch(`${app.url}/ops/events`, { headers: { authorization: 'Bearer ops' } });
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  await reader?.cancel();
  return JSON.parse(new TextDecoder().decode(value).slice('data: '.length)).state.llm.providers;
}

const linesOf = (words: string) => logged.filter(({ msg }) => msg.startsWith(words));

longTest(
  'a vendor that is not there: one line a minute, and the reason for operators and for all',
  async () => {
    const port = await freePort();
    await start({ LLM_BASE_URL: `http://127.0.0.1:${port}/v1` });
    await classified(6);
    const words = `LLM not reached: ECONNREFUSED 127.0.0.1:${port}`;
    const cause = { class: 'network', code: 'ECONNREFUSED', host: `127.0.0.1:${port}` };
    expect(linesOf('LLM ').filter(({ msg }) => !msg.startsWith('LLM calls wait'))).toMatchObject([
      { ...cause, level: 40, msg: words, count: 1 },
      { ...cause, level: 50, msg: `LLM circuit opened: ${words}` },
    ]);
    expect(linesOf('the LLM did not answer').length).toBeLessThanOrEqual(2);
    expect(await opsState()).toMatchObject([{ name: 'openai', lastFailure: { words, class: 'network' } }]);
    const body = await health();
    expect(body.status).toBe('healthy');
    expect(body.llm_failure).toEqual({
      class: 'network',
      code: 'ECONNREFUSED',
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect(JSON.stringify(body)).not.toContain(String(port));
  },
);

test('a key that is refused, and taken again later', async () => {
  const refusal = { error: { code: 'invalid_api_key', message: 'Incorrect API key provided: sk-secret.' } };
  llm.behave({ status: 401, body: refusal });
  await start({ LLM_BASE_URL: llm.baseUrl, LLM_API_KEY: 'sk-secret,sk-other' });
  await classified(2);
  const refused = { class: 'bad_key', status: 401, code: 'invalid_api_key' };
  expect(linesOf('LLM refused')).toMatchObject([
    { ...refused, level: 50, count: 1, msg: 'LLM refused the key (401 invalid_api_key)' },
  ]);
  expect((await health()).llm_failure).toMatchObject(refused);
  expect((await opsState())[0].lastFailure).toMatchObject({ ...refused, count: 2 });
  expect(JSON.stringify(logged)).not.toContain('sk-secret');
  await app.close();

  // The second key is a good one.
  llm.behave(({ index }) =>
    index % 2 === 0 ? { status: 401, body: refusal } : { content: { category: 'pets', confidence: 0.9 } },
  );
  logged = [];
  await start({ LLM_BASE_URL: llm.baseUrl, LLM_API_KEY: 'sk-secret,sk-other' });
  await classified(1);
  expect((await health()).llm_failure).toMatchObject({ ...refused, over_at: expect.any(String) });
  expect((await opsState())[0].lastFailure).toMatchObject({ count: 1, overAt: expect.any(String) });
  expect(linesOf('LLM answers again')).toHaveLength(1);
});

longTest('health says that an LLM fails from the first photo on, until a call is answered', async () => {
  llm.behave({ status: 500, body: {} });
  await start({ LLM_BASE_URL: llm.baseUrl });
  await classified(1);
  expect(await health()).toMatchObject({ status: 'healthy', model_api: 'available', llm: 'unavailable' });
  llm.behave({ content: { category: 'pets', confidence: 0.9 } });
  await classified(1, 1);
  expect((await health()).llm).toBe('available');
});

test('where all is well nothing is told of failures', async () => {
  await start({ LLM_BASE_URL: llm.baseUrl });
  await classified(1);
  expect(await health()).not.toHaveProperty('llm_failure');
  expect((await opsState())[0]).not.toHaveProperty('lastFailure');
});

longTest('failures that were only counted are written at the end', async () => {
  llm.behave({ status: 500, body: 'broken' });
  await start({ LLM_BASE_URL: llm.baseUrl, LLM_TRIES: '3' });
  await classified(1);
  expect(linesOf('LLM failed')).toMatchObject([{ count: 1 }]);
  await app.services.close();
  expect(linesOf('LLM failed')).toMatchObject([{ count: 1 }, { count: 2, status: 500 }]);
});
