import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { configFrom } from '../../src/config.ts';
import { openProviders } from '../../src/vision/calls/open-providers.ts';
import { costMicroOf } from '../../src/vision/calls/price.ts';
import { readCatalogue } from '../../src/vision/catalogue/catalogue.ts';
import { type FakeLlm, startFakeLlm } from './fake-llm.ts';

const jpeg = readFileSync('docs/samples/cat.jpg').toString('base64');

let fake: FakeLlm;

beforeEach(async () => {
  fake = await startFakeLlm({ keys: ['right'], models: ['fake-vision'] });
});

afterEach(() => fake.close());

function chat(url: string, format?: object) {
  const image = { type: 'image_url', image_url: { url } };
  const content = [{ type: 'text', text: 'What is it?' }, image];
  return { model: 'fake-vision', messages: [{ role: 'user', content }], response_format: format };
}

async function send(body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${fake.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer right', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, object> };
}

test('the settings that it prints are all that budgets, eval and the album lane need', async () => {
  const main = spawn(process.execPath, ['tests/support/fake-llm-main.ts', '--port', '0']);
  onTestFinished(() => void main.kill());
  let printed = '';
  main.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  await expect.poll(() => printed.match(/npm start/g)?.length, { timeout: 20_000 }).toBe(2);
  const configs = [...printed.matchAll(/^ {2}(LLM_.*) npm start$/gm)].map(([, settings = '']) =>
    configFrom(Object.fromEntries(settings.split(' ').map((one) => one.split('=')))),
  );
  const providers = configs.map(({ llm }) => {
    if (!llm) throw new Error('no LLM is configured');
    const { providers } = openProviders(llm, { catalogue: readCatalogue(), log: pino({ level: 'silent' }) });
    return providers.map(({ lane = 'everyday', price }) => [
      lane,
      price && costMicroOf(price, { inputTokens: 1e6, outputTokens: 0 }),
    ]);
  });
  expect(providers).toEqual([
    [['everyday', 100_000]],
    [
      ['everyday', 100_000],
      ['album', 50_000],
    ],
  ]);
});

const good = chat(`data:image/jpeg;base64,${jpeg}`);

test("a sound request is answered in the vendor's form", async () => {
  const { status, body } = await send(good);
  expect(status).toBe(200);
  expect(body).toMatchObject({ choices: [{ finish_reason: 'stop' }], usage: { total_tokens: 338 } });
});

test.each<[string, number, unknown, Record<string, string>?]>([
  ['JSON cut short', 400, '{"model":"fake-vision"'],
  ['a body that is not called JSON', 400, good, { 'content-type': 'text/plain' }],
  ['no model', 400, { ...good, model: undefined }],
  ['an unknown model', 404, { ...good, model: 'gone' }],
  ['no photo', 400, { ...good, messages: [{ role: 'user', content: 'hello' }] }],
  ['a photo by link', 400, chat('https://example.com/cat.jpg')],
  ['a photo of another kind', 400, chat(`data:image/png;base64,${jpeg}`)],
  ['base64 that is cut short', 400, chat(`data:image/jpeg;base64,${jpeg.slice(0, -3)}`)],
  ['bytes that are no JPEG', 400, chat(`data:image/jpeg;base64,${Buffer.from('hello').toString('base64')}`)],
  ['a JSON object without the word', 400, { ...good, response_format: { type: 'json_object' } }],
  ['a wrong key', 401, good, { authorization: 'Bearer wrong' }],
])('%s is refused with %i', async (_, status, body, headers) => {
  const answer = await send(body, headers);
  expect(answer.status).toBe(status);
  expect(answer.body).toHaveProperty('error.message');
  expect(fake.calls).toHaveLength(0);
});
