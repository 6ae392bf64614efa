import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { formOf, post, sampleBytes, startApp } from '../support/app.ts';
import { dayIn, writeCatalogue } from '../support/catalogue-file.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { fakeVendors } from '../support/fake-vendors.ts';
import { longTest } from '../support/long-test.ts';
import { writePastDay } from '../support/past-traffic.ts';
import '../support/vendor-hosts.ts';

const path = chromiumPath();

describe.skipIf(path === undefined)('the ops page in a browser', () => {
  let browser: Browser;
  let app: Awaited<ReturnType<typeof startApp>>;
  let llm: FakeLlm;
  let folder: string;
  /** Of a service that has run for a day. */
  let past: string;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await launchChromium(path ?? '');
    past = mkdtempSync(join(tmpdir(), 'album-past-'));
    await writePastDay(join(past, 'album.db'), Date.now());
  });
  afterAll(async () => {
    await browser.close();
    rmSync(past, { recursive: true });
  });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'album-ops-'));
    const file = join(folder, 'album.db');
    copyFileSync(join(past, 'album.db'), file);
    llm = await startFakeLlm();
    app = await startApp({ SQLITE_FILE: file, OPS_TOKEN: 'let-me-in', LLM_BASE_URL: llm.baseUrl });
    page = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme: 'light' });
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    // The first question for figures is refused until there is a token.
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(app.url) && !request.url().startsWith('data:'))
        complaints.push(request.url());
    });
  });

  afterEach(async () => {
    await page.close();
    await app.close();
    await llm.close();
    rmSync(folder, { recursive: true });
  });

  async function signIn(): Promise<void> {
    await page.goto(`${app.url}/ops`);
    await page.getByLabel('Ops token').fill('let-me-in');
    await page.keyboard.press('Enter');
    await page.locator('#chart-photos canvas').waitFor();
    await page.locator('#latency td').first().waitFor();
  }

  test('accepts the token, shows what happened, and updates itself', async () => {
    await page.goto(`${app.url}/ops`);
    await page.getByLabel('Ops token').fill('wrong');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#sign-in-problem').textContent()).toContain('The token is wrong.');
    expect(await page.locator('#figures').isVisible()).toBe(false);
    await signIn();
    expect(page.url()).not.toContain('let-me-in');
    expect(await page.locator('#providers').textContent()).toContain('closed');
    expect(await page.locator('#errors').textContent()).toContain('undecodable_image');
    await expect.poll(() => page.locator('#calls').textContent()).toContain('rate limited');
    await expect.poll(() => page.locator('#feedback').textContent()).toContain('pets');
    await expect.poll(() => page.locator('#savings').textContent()).toMatch(/local-first saves\d+\.\d+ USD/);
    expect(await page.locator('#tiles').textContent()).toContain('Spent USD');
    expect(await page.locator('canvas').count()).toBe(4);

    await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: Buffer.from('words') }]));
    await expect
      .poll(() => page.locator('#errors').textContent(), { timeout: 10_000 })
      .toContain('unsupported_format');
    expect(await page.locator('#status').getAttribute('data-state')).toBe('live');
    expect(complaints).toEqual([]);
  });

  test('speaks Chinese to a browser that prefers it, and the other language on request', async () => {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, locale: 'zh-CN' });
    await page.close();
    page = await context.newPage();
    await page.goto(`${app.url}/ops`);
    await page.getByLabel('运维令牌').fill('wrong');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#sign-in-problem').textContent()).toContain('令牌错误');
    await page.getByLabel('运维令牌').fill('let-me-in');
    await page.keyboard.press('Enter');
    await page.locator('#latency td').first().waitFor();
    await expect.poll(() => page.locator('#feedback').textContent()).toContain('更正为');
    await expect.poll(() => page.locator('#calls').textContent()).toContain('被限速');
    await expect.poll(() => page.locator('#status').textContent()).toMatch(/^实时/);
    const names = page.locator(
      'h2, th, figcaption, label, option, button, .u-label, #tiles span, #calls td:not(:last-child), #hits td:first-child, #latency td:first-child',
    );
    const untranslated = (await names.allTextContents()).filter(
      (name) => !/\p{Script=Han}|^p\d\d$|^album9/u.test(name),
    );
    expect(untranslated).toEqual([]);
    expect(
      (await page.evaluate<string>('document.body.innerText')).match(/[A-Za-z][a-z]+( [a-z]+)+/g),
    ).toBeNull();
    expect(await page.locator('footer').textContent()).toMatch(/^快捷键：1–6 时间范围，d 浅色或深色。/);
    await page.getByText('English', { exact: true }).click();
    await expect.poll(() => page.locator('#tiles').textContent()).toContain('Hit rate');
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    await context.close();
  });

  longTest(
    'shows the first photo of a new service within its hour, and then the range that is chosen',
    async () => {
      await app.close();
      app = await startApp({ OPS_TOKEN: 'let-me-in' });
      await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: sampleBytes('cat.jpg') }]));
      await app.services.stats.flush();
      await signIn();
      const tile = () => page.locator('#tiles strong').first().textContent();
      expect([await page.locator('#range').inputValue(), await tile()]).toEqual(['3600', '1']);
      await page.locator('#range').selectOption('21600');
      await expect.poll(() => page.locator('#chart-photos .u-legend').count()).toBe(1);
      expect(await page.locator('#range').inputValue()).toBe('21600');
      expect(complaints).toEqual([]);
    },
  );

  test('says how old its figures are once the service is gone', async () => {
    await signIn();
    await expect.poll(() => page.locator('#status').textContent()).toMatch(/^live, \d/);
    await app.app.close();
    await expect
      .poll(() => page.locator('#status').textContent())
      .toMatch(/^Not connected. All figures are from \d.*\./);
    expect(await page.locator('#figures').isVisible()).toBe(true);
  });

  longTest('says which models end, have ended, or are unknown to their vendors', async () => {
    const vendor = await startFakeLlm({ vendor: fakeVendors.openai });
    const catalogue = join(folder, 'catalogue.json');
    writeCatalogue(catalogue, { openai: { 'gpt-4o': -47, 'gpt-5-nano': 49 } });
    const models = { gone: 'gpt-4o', ending: 'gpt-5-nano', missing: 'gpt-7-nova', fine: 'gpt-6-luna' };
    // The others' vendor does not answer: the catalogue's days count.
    const portOf = (name: string) => (name === 'missing' || name === 'fine' ? vendor.port : 9);
    const providers = Object.entries(models).flatMap(([name, model]) => [
      [`LLM_${name.toUpperCase()}_PROVIDER`, 'openai'],
      [`LLM_${name.toUpperCase()}_BASE_URL`, `http://api.openai.com:${portOf(name)}/v1`],
      [`LLM_${name.toUpperCase()}_MODEL`, model],
    ]);
    await app.close();
    app = await startApp({
      ...Object.fromEntries(providers),
      SQLITE_FILE: join(folder, 'album.db'),
      OPS_TOKEN: 'let-me-in',
      LLM_PROVIDERS: Object.keys(models).join(),
      LLM_PRICE_FILE: catalogue,
    });
    await app.services.modelNotices();
    await signIn();
    const cells = await page.locator('#providers tr > :nth-child(3)').allTextContents();
    expect(cells).toEqual([
      'Ends',
      `shut down ${dayIn(-47)}`,
      `${dayIn(49)}, in 49 days`,
      'unknown to its vendor',
      '–',
    ]);
    expect(await page.locator('#providers .bad').count()).toBe(3);
    expect(complaints).toEqual([]);
    await vendor.close();
  });

  longTest('shows where claims of all callers are trusted', async () => {
    await app.close();
    app = await startApp({
      SQLITE_FILE: join(folder, 'album.db'),
      OPS_TOKEN: 'let-me-in',
      LLM_BASE_URL: llm.baseUrl,
      CLAIM_TRUST: 'all',
    });
    await signIn();
    expect(await page.locator('#queue .bad').textContent()).toContain('CLAIM_TRUST=all');
    expect(complaints).toEqual([]);
  });

  longTest('says in words why an LLM does not answer', async () => {
    const refusal = { error: { code: 'invalid_api_key', message: 'Incorrect API key provided: sk-secret.' } };
    llm.behave({ status: 401, body: refusal });
    await app.close();
    app = await startApp({
      SQLITE_FILE: join(folder, 'album.db'),
      OPS_TOKEN: 'let-me-in',
      LLM_PROVIDERS: 'locked,dead,spare',
      LLM_LOCKED_PROVIDER: 'openai',
      LLM_LOCKED_BASE_URL: llm.baseUrl,
      LLM_LOCKED_API_KEY: 'sk-secret',
      LLM_DEAD_PROVIDER: 'openai',
      LLM_DEAD_BASE_URL: 'http://127.0.0.1:9/v1',
      LLM_SPARE_PROVIDER: 'openai',
      LLM_SPARE_BASE_URL: llm.baseUrl,
      LLM_SPARE_API_KEY: 'sk-secret-2',
      LLM_TRIES: '1',
    });
    const classified = (tail: string) => {
      const value = Buffer.concat([sampleBytes('cat.jpg'), Buffer.from(tail)]);
      return post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value }]));
    };
    for (const tail of ['a', 'b', 'c', 'd', 'e'])
      expect((await classified(tail)).body.data.degraded).toBe(true);
    await signIn();
    const cells = page.locator('#providers td:last-child');
    const last = (words: string) => expect.stringMatching(new RegExp(`^${words}, (at|5 calls,) \\d`));
    expect(await cells.allTextContents()).toEqual([
      last('LLM refused the key \\(401 invalid_api_key\\)'),
      last('LLM not reached: ECONNREFUSED 127\\.0\\.0\\.1:9'),
      last('LLM refused the key \\(401 invalid_api_key\\)'),
    ]);
    expect(await page.locator('#providers td:last-child.bad').count()).toBe(3);
    expect(await page.locator('#providers td:nth-child(4)').allTextContents()).toEqual([
      'closed',
      'open',
      'closed',
    ]);
    expect(complaints).toEqual([]);
  });

  test('is signed in by the link of the banner, whose token leaves the address bar', async () => {
    await page.goto(`${app.url}/ops#token=wrong`);
    await expect.poll(() => page.locator('#sign-in-problem').textContent()).toContain('The token is wrong.');
    await page.goto(`${app.url}/ops#token=let-me-in`);
    await page.locator('#chart-photos canvas').waitFor();
    expect(page.url()).toBe(`${app.url}/ops`);
    expect(await page.evaluate<string>("sessionStorage.getItem('ops-token')")).toBe('let-me-in');
    await page.reload();
    await page.locator('#chart-photos canvas').waitFor();
    await page.goBack();
    expect(page.url()).not.toContain('token');
    expect(complaints).toEqual([]);
  });

  longTest('works by keyboard, in the dark, and on a phone', async () => {
    await signIn();
    const tile = () => page.locator('#tiles strong').first().textContent();
    const day = await tile();
    await page.locator('h1').click();
    await page.keyboard.press('1');
    expect(await page.locator('#range').inputValue()).toBe('3600');
    await expect.poll(tile).not.toBe(day);
    await page.keyboard.press('2');
    await expect.poll(tile).toBe(day);

    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.keyboard.press('d');
    expect(await background()).not.toBe(light);

    await page.setViewportSize({ width: 390, height: 844 });
    await expect
      .poll(() => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth'))
      .toBeLessThanOrEqual(0);
    await expect
      .poll(() => page.evaluate<number>("document.querySelector('canvas').clientWidth"))
      .toBeLessThan(390);

    await page.reload();
    await page.locator('#chart-photos canvas').waitFor();
    expect(await background()).not.toBe(light);
    await page.evaluate('document.activeElement.blur()');
    await page.keyboard.press('Tab');
    expect(await page.evaluate<string>('document.activeElement.textContent')).toContain('Skip');
    expect(complaints).toEqual([]);
  });
});
