import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { sayIn } from '../../src/messages/text.ts';
import { formOf, get, post, type Sample, sampleBytes, samples, startApp } from '../support/app.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';

let app: Awaited<ReturnType<typeof startApp>>;
afterEach(() => app.close());

const send = (name: Sample, headers: Record<string, string> = {}, path = '/') =>
  post(app.url + path, formOf([{ name: 'image', value: sampleBytes(name) }]), headers);
const lead = 'Give it a photo, and see what it shows.';
const chinese = { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' };

describe('the start page', () => {
  test('says what is configured, in English and Chinese, and loads nothing', async () => {
    app = await startApp({ MAX_IMAGE_SIZE_MB: '7' });
    const { status, headers, body } = await get(app.url);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('vary')).toContain('Accept-Language');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-frame-options')).toBe('DENY');
    for (const text of [
      '<html lang="en">',
      '7 MB',
      'album9',
      'href="/docs"',
      'href="/ops"',
      'none (LLM_API_KEY sets one)',
    ])
      expect(body).toContain(text);
    expect(body.match(/(src|href|action)="[^"/?#d]/g)).toBeNull();
    const inChinese = await get(app.url, chinese);
    for (const text of ['<html lang="zh-Hans">', sayIn('zh')(lead), '仅本地模型'])
      expect(inChinese.body).toContain(text);
    expect((await get(`${app.url}/?lang=en`, chinese)).body).toContain(lead);
  });

  test('answers a plain form with a page: the category in words, how sure, by whom', async () => {
    app = await startApp();
    const { categories } = readTaxonomy();
    for (const [name, key] of Object.entries(samples) as [Sample, string][]) {
      const { status, body } = await send(name);
      const category = categories.find((one) => one.key === key);
      expect([name, status]).toEqual([name, 200]);
      expect(body).toContain(`data-category="${key}"`);
      expect(body).toContain(category?.en.replace('&', '&amp;'));
      expect(body.match(/<progress/g).length).toBe(4);
      expect(body).toContain(`<p>${category?.en.replace('&', '&amp;')}: `);
      expect(body).toMatch(/the local model album9/);
    }
    const again = (await send('cat.jpg', chinese)).body;
    expect(again).toContain('宠物萌照');
    expect(again).toContain('缓存（此前由本地模型 album9');
  });

  test('tells what the LLM says, whatever it says, and that it could not be asked', async () => {
    const llm = await startFakeLlm({
      behave: { content: { category: 'pets', confidence: 0.9, description: '<script>alert("1")</script>&' } },
    });
    app = await startApp({ LLM_BASE_URL: llm.baseUrl, LLM_MODEL: 'eyes' });
    const { body } = await send('cat.jpg');
    expect(body).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;');
    expect(body).toContain('the vision LLM eyes');
    expect(body.match(/<progress/g)).toHaveLength(1);
    llm.behave({ status: 400, body: {} });
    const fallback = (await send('coffee.jpg')).body;
    expect(fallback).toContain('data-category="foods"');
    expect(fallback).toContain('The LLM could not answer;');
    const again = (await send('coffee.jpg')).body;
    expect(again).toContain('the LLM has not judged this photo.');
    expect(again).not.toContain('could not answer');
    expect((await send('coffee.jpg', chinese)).body).toContain('大模型尚未判断过这张照片');
    await llm.close();
  });

  test('tells what is wrong, with its status', async () => {
    app = await startApp({ MAX_IMAGE_SIZE_MB: '1' });
    const forms: [number, FormData, RegExp, RegExp][] = [
      [415, formOf([{ name: 'image', value: Buffer.from('words') }]), /JPEG/, /格式/],
      [
        422,
        formOf([{ name: 'image', value: sampleBytes('cat.jpg').subarray(0, 20_000) }]),
        /cut|end/i,
        /不完整/,
      ],
      [413, formOf([{ name: 'image', value: Buffer.alloc(2_000_000) }]), /1 MB/, /1 MB/],
      [400, formOf([{ name: 'other', value: 'x' }]), /file part/, /文件部分/],
    ];
    for (const [status, form, english, other] of forms) {
      const told = await post(app.url, form);
      expect([status, told.status]).toEqual([status, status]);
      expect(told.headers.get('content-type')).toContain('text/html');
      expect(/role="alert">([^<]*)/.exec(told.body)?.[1]).toMatch(english);
      expect(/role="alert">([^<]*)/.exec((await post(app.url, form, chinese)).body)?.[1]).toMatch(other);
    }
    const json = await post(app.url, { image: 'x' });
    expect(json.status).toBe(415);
  });

  test('is kept to the rules of uploads: keys, quotas, and pages that may send', async () => {
    app = await startApp({ API_KEYS: 'required' });
    expect((await get(app.url)).body).toContain('with JavaScript only');
    expect((await send('cat.jpg')).status).toBe(401);
    await app.close();
    app = await startApp({ UPLOAD_ORIGINS: 'https://pc.example', RATE_LIMIT_NETWORK: '1' });
    expect((await send('cat.jpg', { origin: 'null' })).status).toBe(403);
    expect((await get(app.url, { origin: 'https://somewhere.example' })).status).toBe(200);
    expect((await send('cat.jpg', { origin: app.url })).status).toBe(200);
    expect((await send('cat.jpg', { origin: app.url })).status).toBe(429);
    expect((await get(app.url)).status).toBe(200);
  });
});

const path = chromiumPath();

describe.skipIf(path === undefined)('pages in a browser on another machine', () => {
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await launchChromium(path ?? '');
  });
  afterAll(() => browser.close());
  afterEach(() => page.context().close());

  const address = (way: string) => `http://photos.test:${new URL(app.url).port}${way}`;

  async function open(way: string, options: BrowserContextOptions = {}): Promise<void> {
    const context = await browser.newContext({ viewport: { width: 900, height: 700 }, ...options });
    page = await context.newPage();
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // Browsers keep that header to pages with TLS, and say so.
      if (message.type() === 'error' && !/Cross-Origin-Opener-Policy/.test(message.text()))
        complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(address('/')))
        complaints.push(request.url());
    });
    await page.goto(address(way));
  }

  const category = () => page.locator('.category').textContent();

  test('a dropped photo is answered on the start page, in place', async () => {
    app = await startApp();
    await open('/', { colorScheme: 'light', locale: 'en-GB' });
    const bytes = sampleBytes('coffee.jpg').toString('base64');
    await page.evaluate(`{
      const bytes = Uint8Array.from(atob('${bytes}'), (one) => one.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], 'coffee.jpg', { type: 'image/jpeg' }));
      const over = new DragEvent('dragover', { dataTransfer, bubbles: true, cancelable: true });
      document.body.dispatchEvent(over);
      if (!over.defaultPrevented) throw new Error('the browser would open the photo instead');
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }`);
    await expect.poll(category).toBe('Food');
    await expect.poll(() => page.locator('figure img').count()).toBe(1);
    await page.locator('#photo').setInputFiles('docs/samples/samples.tsv');
    await expect.poll(() => page.locator('#answer [role=alert]').count()).toBe(1);
    expect(page.url()).toBe(address('/'));
    // A refusal is an error to the console, and a sentence to the reader.
    expect(complaints.filter((one) => !one.includes('415'))).toEqual([]);
    await app.app.close();
    await page.locator('#photo').setInputFiles('docs/samples/cat.jpg');
    await expect.poll(() => page.locator('#answer').textContent()).toContain('The service did not answer');
  });

  test('works by keyboard, on a phone, in the dark, in Chinese', async () => {
    app = await startApp();
    await open('/', { colorScheme: 'dark', locale: 'zh-CN', viewport: { width: 360, height: 700 } });
    const focused = () =>
      page.evaluate<string>('document.activeElement.id || document.activeElement.tagName');
    const stops: string[] = [];
    for (let tab = 0; tab < 3; tab += 1) {
      await page.keyboard.press('Tab');
      stops.push(await focused());
    }
    expect(stops).toEqual(['A', 'photo', 'BUTTON']);
    await page.locator('#photo').setInputFiles('docs/samples/cat.jpg');
    await expect.poll(category).toBe('宠物萌照');
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    const luminance = 'getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)';
    expect(Math.max(...(await page.evaluate<number[]>(luminance)))).toBeLessThan(60);
    await page.getByRole('link', { name: 'English' }).click();
    await expect.poll(() => page.locator('html').getAttribute('lang')).toBe('en');
    expect(complaints).toEqual([]);
  });

  test('works without a script, where only its own pages may upload', async () => {
    app = await startApp({ UPLOAD_ORIGINS: 'https://pc.example' });
    await open('/', { javaScriptEnabled: false, locale: 'en-GB' });
    await page.locator('#photo').setInputFiles('docs/samples/cat.jpg');
    await page.getByRole('button', { name: 'Classify' }).click();
    await expect.poll(category).toBe('Pets');
    expect(complaints).toEqual([]);
  });

  longTest(
    'the API page shows, and tries out what it shows',
    async () => {
      app = await startApp({ OPS_TOKEN: 'let-me-in' });
      await open('/docs');
      await page.locator('.opblock').first().waitFor();
      const statuses: string[] = [];
      const tried = [
        '/api/v1/classify',
        '/api/v1/classify/batch',
        '/api/v1/local-classify',
        '/api/v1/classify/check-cache',
        '/api/v1/classify/batch-check-cache',
        '/api/v1/feedback',
        '/api/v2/classify/batch',
        '/api/v2/classify/batch-check-cache',
      ];
      for (const way of tried) {
        const block = page.locator('.opblock-post', { has: page.locator(`[data-path="${way}"]`) });
        await block.locator('.opblock-summary-control').click();
        await block.locator('.try-out__btn').click();
        const [file] = await block.locator('input[type=file]').all();
        await file?.setInputFiles('docs/samples/cat.jpg');
        await block.locator('.execute').click();
        const status = block.locator('.live-responses-table .response-col_status').nth(1);
        await status.waitFor();
        statuses.push(`${way} ${(await status.textContent())?.trim().slice(0, 3)}`);
        await block.locator('.opblock-summary-control').click();
      }
      expect(statuses).toEqual(tried.map((way) => `${way} 200`));

      await page.locator('button.authorize').click();
      // The dialog also asks for a client's key.
      const operators = page.locator('.auth-container', { has: page.locator('#auth-bearer-value') });
      await operators.locator('input').fill('let-me-in');
      await operators.locator('.authorize').click();
      await page.locator('.auth-btn-wrapper .btn-done').first().click();
      const today = page.locator('.opblock-get', { has: page.locator('[data-path="/api/v1/stats/today"]') });
      await today.locator('.opblock-summary-control').click();
      await today.locator('.try-out__btn').click();
      await today.locator('.execute').click();
      await expect
        .poll(() => today.locator('.live-responses-table .response-col_status').nth(1).textContent())
        .toContain('200');
      expect(complaints).toEqual([]);
    },
    180_000,
  );
});
