import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { evaluateFeedback } from '../../src/cli/eval/feedback.ts';
import { evalSettingsFrom } from '../../src/cli/eval/settings.ts';
import { evaluateModels } from '../../src/cli/eval.ts';
import { openDriver } from '../../src/compose/driver.ts';
import { configFrom } from '../../src/config.ts';
import { sayIn } from '../../src/messages/text.ts';
import { proportion } from '../../src/proportion.ts';
import type { Feedback } from '../../src/store/entities.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import type { FakeBehaviour } from '../support/fake-llm-behaviour.ts';
import { longTest } from '../support/long-test.ts';
import { colourProbabilities, writeColourModel } from '../support/tiny-model.ts';
import { runInTerminal, startCli } from './run-cli.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const keys = ['red', 'green', 'blue'];
/** Enough for every case; 200 where time doesn't matter. */
const count = process.env.ALL_TESTS === '1' ? 200 : 80;
const beforeInterrupt = 20;
type Rgb = readonly [number, number, number];

/** A photo of one colour, which the local model knows by its channels and the fake vendor by its number. */
const photos = Array.from({ length: count }, (_, index) => {
  const rgb: Rgb = [40 + (index % 10) * 20, 40 + Math.floor(index / 10) * (1600 / count), 90];
  const probabilities = colourProbabilities([...rgb]);
  const confidence = Math.max(...probabilities);
  const seen = probabilities.indexOf(confidence);
  const other = (by: number) => keys[(seen + by) % 3] ?? '';
  const category = other(index % 4 === 0 ? 1 : 0);
  return { index, rgb, confidence, category, local: other(0), isLocalRight: index % 4 !== 0 };
});

const isRefused = (index: number) => index % 50 === 3;
const isVendorRight = (index: number) => index % 20 !== 0;
const refusal: FakeBehaviour = {
  status: 400,
  body: { error: { code: 'content_filter', message: 'The content filter refused this.' } },
};

function vendorAnswer(index: number): FakeBehaviour {
  const { category = '' } = photos[index] ?? {};
  if (isRefused(index)) return refusal;
  const answered = isVendorRight(index) ? category : keys[(keys.indexOf(category) + 1) % 3];
  return { content: { category: answered, confidence: 0.9 }, usage: { inputTokens: 500, outputTokens: 20 } };
}

/** Which photo the vendor got: the one with the nearest colour. */
async function numberOf(jpeg: Buffer): Promise<number> {
  const { channels } = await sharp(jpeg).stats();
  const distance = ({ rgb }: { rgb: Rgb }) =>
    Math.hypot(...rgb.map((level, at) => level - (channels[at]?.mean ?? 0)));
  return photos.reduce((best, one) => (distance(one) < distance(best) ? one : best)).index;
}

let folder: string;
let fake: FakeLlm;
let environment: Record<string, string>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'album-eval-'));
  for (const { index, rgb, category } of photos) {
    const [r, g, b] = rgb;
    const image = sharp({ create: { width: 64, height: 64, channels: 3, background: { r, g, b } } });
    mkdirSync(join(folder, 'album', category), { recursive: true });
    writeFileSync(join(folder, 'album', category, `${index}.png`), await image.png().toBuffer());
  }
  const labels = { red: 'reddish', green: 'greenish', blue: 'bluish' };
  const categories = Object.entries(labels).map(([key, label]) => ({
    ...{ key, zh: key, en: key, definition: key, labels: [label] },
  }));
  writeFileSync(join(folder, 'taxonomy.json'), JSON.stringify({ version: '1', fallback: 'red', categories }));
  await writeColourModel(join(folder, 'model'), {
    thresholds: { sure: { reddish: 0.9, greenish: 0.9, bluish: 0.9 } },
  });
  fake = await startFakeLlm();
  environment = {
    TAXONOMY_FILE: join(folder, 'taxonomy.json'),
    MODEL_DIR: join(folder, 'model'),
    INFERENCE_PROCESSES: '1',
    LLM_BASE_URL: fake.baseUrl,
    LLM_MODEL: 'eyes',
    LLM_MAX_CONCURRENCY: '8',
    LLM_PRICE_INPUT: '1',
    LLM_PRICE_OUTPUT: '4',
  };
});
afterAll(async () => {
  await fake.close();
  rmSync(folder, { recursive: true });
});

/** `eval` in this process, with the answers that earlier runs kept. */
async function run(path: string, flags: Partial<Parameters<typeof evalSettingsFrom>[1]>, more = {}) {
  const invocation = { command: 'cli', folder, dataFolder: join(folder, 'data'), language: 'en' as const };
  const defaults = { ...{ thumbnails: false, feedback: false, json: true, quiet: false, hidden: false } };
  const settings = evalSettingsFrom(
    [path],
    { ...defaults, 'no-ignore': false, 'no-progress': true, ...flags },
    invocation,
  );
  const written = { out: '', err: '' };
  const code = await evaluateModels(
    { ...settings, loadConfig: () => configFrom({ ...environment, ...more }) },
    {
      out: (text) => {
        written.out += text;
      },
      err: (text) => {
        written.err += text;
      },
      ...{ isTerminal: false, command: 'cli eval', language: 'en' as const },
    },
  );
  return { code, ...written, ...(flags.json !== false && { json: JSON.parse(written.out) }) };
}

describe('eval of an album', () => {
  test('pays for nothing twice when it is interrupted, and every figure is the known one', async () => {
    const released = Promise.withResolvers<void>();
    fake.behave(async ({ index, jpeg }) => {
      if (index >= beforeInterrupt) await released.promise;
      return vendorAnswer(await numberOf(jpeg));
    });
    const args = ['eval', 'album', '--data', 'data', '--max-cost', '1', '--json'];
    const { child, done } = startCli(folder, args, environment);
    const stopping = Promise.withResolvers<void>();
    child.stderr?.on('data', (text: string) => text.includes('Stopping') && stopping.resolve());
    await Promise.race([fake.received(beforeInterrupt + 1), done]);
    child.kill('SIGINT');
    await Promise.race([stopping.promise, done]);
    released.resolve();
    const interrupted = await done;
    expect([interrupted.code, interrupted.out]).toEqual([130, '']);
    expect(interrupted.err).toContain('the same command continues where this one stopped');
    expect(fake.calls.length).toBeLessThan(count / 2);

    const report = join(folder, 'report.html');
    const { code, json } = await run('album', {
      ...{ 'max-cost': '1', target: '0.8', report, thumbnails: true },
    });
    // A refused photo is asked about twice: in full, and in plain words.
    const refused = photos.filter(({ index }) => isRefused(index));
    const answered = photos.filter(({ index }) => !isRefused(index));
    expect(fake.calls.length).toBe(count + refused.length);
    expect(code).toBe(1);
    expect(json).toMatchObject({ photos: count, unreadable: [], is_over_budget: false, currency: 'USD' });

    const [local, llm] = json.models;
    const rightLocally = photos.filter(({ isLocalRight }) => isLocalRight).length;
    const rightByLlm = answered.filter(({ index }) => isVendorRight(index)).length;
    expect(local).toMatchObject({ name: 'colours@1', kind: 'local', answered: count, failures: {} });
    expect(local.accuracy).toEqual(proportion(rightLocally, count));
    expect(llm).toMatchObject({
      name: 'eyes',
      kind: 'llm',
      answered: answered.length,
      failures: { refused: refused.length },
    });
    expect(llm.accuracy).toEqual(proportion(rightByLlm, answered.length));
    // 500 × 1 + 20 × 4 for a million; a refusal costs nothing.
    expect(llm.cost_of1000).toBeCloseTo(0.58, 9);
    expect(llm.calibration.expected_error).toBeCloseTo(Math.abs(0.9 - rightByLlm / answered.length), 9);
    for (const { category, recall } of llm.recalls) {
      const own = answered.filter((one) => one.category === category);
      expect(recall).toEqual(proportion(own.filter(({ index }) => isVendorRight(index)).length, own.length));
    }
    const recalls = llm.recalls.map(({ recall }: { recall: { value: number } }) => recall.value);
    expect(llm.macro_recall.value).toBeCloseTo((recalls[0] + recalls[1] + recalls[2]) / 3, 9);
    const asRed = photos.filter(({ local: said, category }) => said === 'red' && category === 'green').length;
    expect(local.confusion).toContainEqual({ actual: 'green', answered: 'red', photos: asRed });

    const both = (first: boolean, second: boolean) =>
      answered.filter((one) => one.isLocalRight === first && isVendorRight(one.index) === second).length;
    expect(json.comparisons).toMatchObject([
      {
        ...{ one: 'colours@1', other: 'eyes', photos: answered.length, both_right: both(true, true) },
        ...{ only_one_right: both(true, false), only_other_right: both(false, true) },
      },
    ]);
    const wrong = photos.filter(
      (one) => !one.isLocalRight || (!isRefused(one.index) && !isVendorRight(one.index)),
    );
    expect(json.disagreements.length).toBe(wrong.length);

    const [{ curve, as_configured, proposal, settings }] = json.local_first;
    for (const point of [...curve, { ...as_configured, threshold: 0.9 }]) {
      const isSent = ({ confidence }: { confidence: number }) => confidence < (point.threshold ?? 2);
      const right = photos.filter((one) =>
        isSent(one) && !isRefused(one.index) ? isVendorRight(one.index) : one.isLocalRight,
      );
      expect(point.accuracy.count).toBe(right.length);
      expect(point.sent_share).toBeCloseTo(photos.filter(isSent).length / count, 9);
    }
    expect(proposal).toMatchObject({ target: 0.8, verdict: 'supported' });
    const line = keys.map((key) => `${key}:${proposal.point.threshold}`).join(',');
    expect(settings).toBe(`STRATEGY=local-first\nLOCAL_SURE=${line}`);
    const page = readFileSync(report, 'utf8');
    expect(page.match(/background-image:url\(data:image\/jpeg/g)?.length).toBe(wrong.length);
    expect(page).toContain(`LOCAL_SURE=${line}`);
    expect(statSync(report).mode & 0o777).toBe(0o600);
  });

  test('is free when it is repeated, and the same', async () => {
    const before = fake.calls.length;
    const [first, second] = [await run('album', {}), await run('album', { 'max-cost': '0' })];
    expect(fake.calls.length).toBe(before);
    expect(first.err).not.toContain('max-cost');
    const { spent, ...figures } = second.json;
    expect(spent).toBe(0);
    expect(first.json).toMatchObject(figures);
    const kept = readFileSync(join(folder, 'data', 'eval-answers.ndjson'), 'utf8');
    expect(kept).not.toContain('.png');
  });

  test('asks a further model for a share of the photos, of all categories, and says that the budget ended it', async () => {
    const before = fake.calls.length;
    fake.behave(async ({ jpeg }) => vendorAnswer(await numberOf(jpeg)));
    const more = { COST_PER_API_CALL: '0.01' };
    const { code, json, err } = await run(
      'album',
      { model: ['other-eyes'], 'max-cost': String(count / 400) },
      more,
    );
    const calls = fake.calls.slice(before);
    expect(code).toBe(1);
    expect(err).toContain('The budget is used up');
    expect(json).toMatchObject({ is_over_budget: true });
    expect(json.spent).toBeLessThanOrEqual(count / 400);
    expect(calls.every(({ model }) => model === 'other-eyes')).toBe(true);
    const { recalls, not_asked, answered } = json.models[2];
    expect(json.models.map(({ name }: { name: string }) => name)).toEqual([
      'colours@1',
      'eyes',
      'other-eyes',
    ]);
    expect(answered).toBeGreaterThan(count / 8);
    expect(not_asked).toBeGreaterThan(count / 2);
    for (const { recall } of recalls) expect(recall.of).toBeGreaterThan(0);
  });
});

describe('eval', () => {
  const put = (name: string, content: Buffer | string) => {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  };

  test('only estimates without --max-cost, and says what it is about to cost', async () => {
    const before = fake.calls.length;
    const { code, json, err } = await run('album', { model: ['unseen'] }, { COST_PER_API_CALL: '0.01' });
    expect(fake.calls.length).toBe(before);
    // The kept answers hold refusals.
    expect(code).toBe(1);
    expect(json.models.map(({ name }: { name: string }) => name)).toEqual(['colours@1', 'eyes']);
    expect(err).toContain(`unseen: USD ${(count / 100).toFixed(2)}`);
    expect(err).toContain(`--max-cost ${count * 0.012}`);
  });

  longTest('takes the progress off a terminal before it says so', async () => {
    const args = ['eval', 'album', '--data', 'other-data', '--model', 'unseen'];
    const shown = await runInTerminal(folder, args, environment);
    const [before = ''] = shown.split('No LLM is asked without --max-cost.');
    expect(before).toContain('█');
    // The line is erased, and lines wrap again.
    expect(before.slice(before.lastIndexOf('█'))).toMatch(/\[K.*\[\?7h/s);
  });

  test('says that --target proposes nothing without an LLM', async () => {
    const none = { LLM_BASE_URL: '', LLM_MODEL: '', LLM_PRICE_INPUT: '', LLM_PRICE_OUTPUT: '' };
    const [local, unasked, both] = [
      await run('album', { target: '0.8' }, none),
      await run('album', { target: '0.8' }, { LLM_MODEL: 'unseen' }),
      await run('album', { target: '0.8' }),
    ];
    for (const { err, json } of [local, unasked]) {
      expect(err).toContain('--target proposes no threshold');
      expect(json.local_first).toEqual([]);
    }
    expect(both.err).not.toContain('--target');
  });

  test.each([
    ['LLM_MAX_TOKENS', '99'],
    ['LLM_STRUCTURED_OUTPUT', 'json_object'],
    ['LLM_TAGS', '3'],
  ])('asks anew after a change of %s, which may change an answer', async (name, value) => {
    const { json, err } = await run('album', {}, { [name]: value });
    expect(json.models.map((one: { name: string }) => one.name)).toEqual(['colours@1']);
    expect(err).toContain('eyes: USD');
  });

  test('counts a model and its twin of the album lane as two', async () => {
    const provider = (name: string) => ({
      [`LLM_${name}_PROVIDER`]: 'openai',
      [`LLM_${name}_BASE_URL`]: fake.baseUrl,
      [`LLM_${name}_MODEL`]: 'eyes',
    });
    const lanes = {
      LLM_PROVIDERS: 'day,slow',
      ...provider('DAY'),
      ...provider('SLOW'),
      LLM_SLOW_LANE: 'album',
    };
    const single = { LLM_BASE_URL: '', LLM_MODEL: '', LLM_PRICE_INPUT: '', LLM_PRICE_OUTPUT: '' };
    const { json, err } = await run('album', {}, { ...single, ...lanes, COST_PER_API_CALL: '0.01' });
    expect(json.models.map(({ name }: { name: string }) => name)).toEqual(['colours@1', 'eyes (day)']);
    expect(err).toContain('eyes (slow): USD');
  });

  test('leaves photos out that it cannot read or that contradict themselves, and counts copies once', async () => {
    const bytes = (index: number) =>
      readFileSync(join(folder, 'album', photos[index]?.category ?? '', `${index}.png`));
    put('mixed/red/one.png', bytes(1));
    put('mixed/red/again.png', bytes(1));
    put('mixed/red/two.png', bytes(2));
    put('mixed/green/two.png', bytes(2));
    put('mixed/green/broken.png', bytes(5).subarray(0, 60));
    put('mixed/green/<b>&"x.png', bytes(6));
    const report = join(folder, 'mixed.html');
    const { code, json, err } = await run('mixed', { report, json: true });
    expect(code).toBe(1);
    expect(json.photos).toBe(2);
    expect(json.unreadable).toMatchObject([{ file: 'mixed/green/broken.png' }]);
    expect(err).toContain('1 file holds the same photo');
    expect(err).toContain('mixed/green/two.png and mixed/red/two.png are the same photo');
    expect(json.cautions.join()).toContain('too few');
    const page = readFileSync(report, 'utf8');
    expect(page).toContain('&lt;b&gt;&amp;&quot;x.png');
    expect(page).not.toContain('<b>');
  });

  test('reads a table, and reports in words', async () => {
    const rows = photos
      .slice(0, 30)
      .map(({ index, category }) => `"album/${category}/${index}.png",${category}`);
    put('labels.csv', `file,category\r\n${rows.join('\r\n')}\r\n`);
    const { code, out } = await run('labels.csv', { json: false, target: '0.9' });
    expect(code).toBe(1);
    expect(out).toContain('30 photos. Intervals are of 95 %.');
    expect(out).toContain('are too few to claim 90.0 %');
  });

  test('sends no photo that must not be sent, and goes on without a vendor that fails', async () => {
    const before = fake.calls.length;
    const locked = { status: 401, body: { error: { code: 'invalid_api_key', message: 'no' } } };
    fake.behave(async ({ model, jpeg }) =>
      model === 'locked-eyes' ? locked : vendorAnswer(await numberOf(jpeg)),
    );
    const more = { LLM_NEVER_SEND: 'red:0.5', COST_PER_API_CALL: '0.01' };
    const flags = { model: ['third-eyes', 'locked-eyes'], 'max-cost': '1' };
    const { code, json, err } = await run('labels.csv', flags, more);
    const kept = photos
      .slice(0, 30)
      .filter(
        ({ category, local, confidence }) => category === 'red' || (local === 'red' && confidence >= 0.5),
      );
    const sent = await Promise.all(fake.calls.slice(before).map(({ jpeg }) => numberOf(jpeg)));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.filter(({ index }) => sent.includes(index))).toEqual([]);
    const named = (model: string) => json.models.find(({ name }: { name: string }) => name === model);
    expect(named('third-eyes').failures.never_sent).toBe(kept.length);
    expect(named('third-eyes').answered).toBeGreaterThan(0);
    expect(code).toBe(1);
    const { never_sent: _, ...failures } = named('locked-eyes').failures;
    expect(named('locked-eyes').answered).toBe(0);
    expect(Object.values<number>(failures).reduce((sum, one) => sum + one, 0)).toBe(30 - kept.length);
    expect(err).toContain('refused the key');
  });

  test.each([
    ['wrong/gren/a.png', 'wrong', 'unknown categories: gren (did you mean green?)'],
    ['loose/a.png', 'loose', 'is in no category'],
    ['bare.csv', 'bare.csv', 'file and category'],
  ])('%s is wrong usage', async (name, path, complaint) => {
    put(name, 'x');
    await expect(run(path, {})).rejects.toThrow(complaint);
  });

  test('a further local model must be one that works', async () => {
    await writeColourModel(join(folder, 'swapped-model'), {
      ...{ name: 'swapped', labels: ['bluish', 'greenish', 'reddish'], golden: undefined },
    });
    const { json } = await run('labels.csv', { 'model-dir': ['swapped-model'] });
    const swapped = json.models.find(({ name }: { name: string }) => name === 'swapped@1');
    const right = photos.slice(0, 30).filter(({ local, category }) => {
      const said = { red: 'blue', blue: 'red', green: 'green' }[local];
      return said === category;
    });
    expect(swapped.accuracy.count).toBe(right.length);
    await writeColourModel(join(folder, 'wrong-model'), {
      name: 'wrong',
      golden: { tolerance: 0.001, cases: [{ input: 'brown.png', probabilities: [1, 0, 0] }] },
    });
    await expect(run('labels.csv', { 'model-dir': ['wrong-model'] })).rejects.toThrow(
      'golden input brown.png',
    );
  });

  test('--feedback shows what users corrected, and asks about nothing', async () => {
    const config = configFrom({ ...environment, SQLITE_FILE: join(folder, 'feedback.db') });
    const store = openDriver(config);
    await store.migrate();
    const given = (hash: string, answered: string, category: string): Feedback => ({
      ...{ claimant: '1'.repeat(32), hash: hash.repeat(64), answered, category, model: 'eyes', at: 1_000 },
    });
    for (const [hash, answered, category] of [
      ['a', 'red', 'blue'],
      ['b', 'red', 'blue'],
      ['c', 'red', 'red'],
    ] as const) {
      const content = hash.repeat(64);
      await store.saveClaims([{ claimant: '1'.repeat(32), claimed: content, content, at: 1 }]);
      await store.saveFeedback(given(hash, answered, category));
    }
    await store.close();
    let out = '';
    const write = (text: string) => {
      out += text;
    };
    expect(await evaluateFeedback([], () => config, { isJson: false, out: write, say: sayIn('en') })).toBe(0);
    expect(out).toContain('eyes: 3 corrections, of which 1 confirms the answer\n  blue as red 2×\n');
  });
});
