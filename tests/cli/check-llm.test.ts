import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { daysUntil } from '../../src/vision/catalogue/model-list.ts';
import { writeCatalogue } from '../support/catalogue-file.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { fakeVendors } from '../support/fake-vendors.ts';
import { runCli } from './run-cli.ts';

vi.setConfig({ testTimeout: 60_000 });

const hosts = pathToFileURL(join(import.meta.dirname, '../support/vendor-hosts.ts')).href;
let folder: string;
let fakes: FakeLlm[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-check-llm-'));
  fakes = [];
});
afterEach(async () => {
  await Promise.all(fakes.map((fake) => fake.close()));
  rmSync(folder, { recursive: true });
});

async function fakeVendor(options: Parameters<typeof startFakeLlm>[0] = {}): Promise<FakeLlm> {
  const fake = await startFakeLlm(options);
  fakes.push(fake);
  return fake;
}

const provider = (name: string, own: Record<string, string>) =>
  Object.fromEntries(
    Object.entries({ PROVIDER: 'openai', ...own }).map(([key, value]) => [
      `LLM_${name.toUpperCase()}_${key}`,
      value,
    ]),
  );

describe('check-llm', () => {
  test('says of every provider and key what came of a photo, and exits with 1 where one fails', async () => {
    const fine = await fakeVendor({ vendor: fakeVendors.openai, keys: ['sk-good'] });
    const gone = await fakeVendor({ models: ['other'] });
    const babbling = await fakeVendor({ behave: { content: 'A nice house! sk-good' } });
    const catalogue = join(folder, 'catalogue.json');
    writeCatalogue(catalogue, { openai: { 'gpt-4.1-mini': 49 } });
    const environment = {
      NODE_OPTIONS: `--import=${hosts}`,
      LLM_PRICE_FILE: catalogue,
      LLM_PROVIDERS: 'fine, dead, gone, babbling',
      ...provider('fine', {
        BASE_URL: `http://api.openai.com:${fine.port}/v1`,
        API_KEY: 'sk-good,sk-bad',
        MODEL: 'gpt-4.1-mini',
      }),
      ...provider('dead', { BASE_URL: 'http://127.0.0.1:9/v1' }),
      ...provider('gone', { BASE_URL: gone.baseUrl }),
      ...provider('babbling', { BASE_URL: babbling.baseUrl }),
    };
    const { code, out, err } = await runCli(folder, ['check-llm', '--json'], environment);
    expect([code, err]).toEqual([1, '']);
    const { providers } = JSON.parse(out);
    expect(providers).toMatchObject([
      {
        provider: 'fine',
        model: 'gpt-4.1-mini',
        host: `api.openai.com:${fine.port}`,
        is_reached: true,
        is_model_known: true,
        is_answer_valid: true,
        category: 'pets',
        duration_ms: expect.any(Number),
        input_tokens: expect.any(Number),
        output_tokens: expect.any(Number),
        currency: 'USD',
        // By the vendor's list, which knows better than the catalogue.
        shutdown: '2027-01-14',
        days_until_shutdown: daysUntil('2027-01-14', Date.now()),
      },
      {
        provider: 'fine',
        is_reached: true,
        is_answer_valid: false,
        failure: { words: 'LLM refused the key (401 invalid_api_key)' },
      },
      {
        provider: 'dead',
        is_reached: false,
        is_model_known: null,
        failure: { words: 'LLM not reached: ECONNREFUSED 127.0.0.1:9' },
      },
      {
        provider: 'gone',
        is_reached: true,
        is_model_known: false,
        failure: { class: 'unusable_model', status: 404 },
      },
      {
        provider: 'babbling',
        is_reached: true,
        is_model_known: true,
        is_answer_valid: false,
        failure: { class: 'bad_answer', unusable: 'unknown_category' },
      },
    ]);
    const [{ input_tokens, output_tokens, cost_of_1000_photos }] = providers;
    const { vendors } = JSON.parse(readFileSync(catalogue, 'utf8'));
    const [price] = Object.values(vendors.openai.models['gpt-4.1-mini'].prices) as {
      input: number;
      output: number;
    }[];
    const exact = (input_tokens * (price?.input ?? 0) + output_tokens * (price?.output ?? 0)) / 1_000;
    expect(cost_of_1000_photos).toBeCloseTo(exact, 2);
    expect(out).not.toContain('sk-good');
    // One call for each key, with a whole photo.
    expect([fine, gone, babbling].map(({ calls }) => calls.length)).toEqual([1, 0, 1]);
    expect(babbling.calls[0]?.jpeg.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
  });

  test('says it to people, and exits with 0 where all answer', async () => {
    const fine = await fakeVendor();
    const environment = { LLM_BASE_URL: fine.baseUrl, LLM_MODEL: 'eyes', COST_PER_API_CALL: '0.002' };
    const { code, out, err } = await runCli(folder, ['check-llm'], environment);
    expect([code, err]).toEqual([0, '']);
    expect(out.replace(/\d+\.\d s/, '0.1 s')).toBe(`openai: eyes at 127.0.0.1:${fine.port}
  reached       yes
  model known   yes
  answer valid  yes: pets, 0.93
  time          0.1 s
  tokens        310 in, 28 out
  1,000 photos  USD 2.0000
  shutdown      none known
`);
  });

  test.each([
    [['check-llm'], 'No LLM is configured'],
    [['check-llm', 'openai'], 'check-llm takes no argument'],
  ])('%o without an LLM is wrong usage', async (args, complaint) => {
    const { code, out, err } = await runCli(folder, args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(complaint);
  });
});
