/**
 * Takes the pictures of the pages for the documentation, or one of them: `node scripts/screenshots.ts [NAME]`. With
 * `--all FOLDER` it takes every page in both languages, light and dark, on a screen and on a phone, to look at.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { formOf, post, sampleBytes, startApp } from '../tests/support/app.ts';
import { chromiumPath, launchChromium } from '../tests/support/chromium.ts';
import { startFakeLlm } from '../tests/support/fake-llm.ts';
import { writePastDay } from '../tests/support/past-traffic.ts';

const token = 'let-me-in';
const locales = { en: 'en-GB', zh: 'zh-CN' } as const;
const viewports = { wide: { width: 1100, height: 820 }, phone: { width: 390, height: 760 } } as const;
const schemes = ['light', 'dark'] as const;

interface Look {
  readonly language: keyof typeof locales;
  readonly scheme: (typeof schemes)[number];
  readonly size: keyof typeof viewports;
}

/** What each page shows when it is taken. */
const pages = {
  async start(page: Page, url: string) {
    await page.goto(url);
    await page.locator('#photo').setInputFiles('docs/samples/coffee.jpg');
    await page.locator('figure img').waitFor();
  },
  async docs(page: Page, url: string) {
    await page.goto(`${url}/docs`);
    await page.locator('.opblock').first().waitFor();
  },
  async ops(page: Page, url: string) {
    await page.goto(`${url}/ops#token=${token}`);
    await page.locator('#chart-photos canvas').waitFor();
    await page.locator('#latency td').first().waitFor();
    await page.locator('#calls td').first().waitFor();
  },
  async failures(page: Page, url: string) {
    await pages.ops(page, url);
    await page.evaluate("document.getElementById('tables').scrollIntoView()");
  },
};

const wide = { scheme: 'light', size: 'wide' } as const;
const documented: readonly (readonly [name: string, page: keyof typeof pages, look: Look])[] = [
  ['start-en-light', 'start', { ...wide, language: 'en' }],
  ['start-zh-phone', 'start', { language: 'zh', scheme: 'dark', size: 'phone' }],
  ['docs-page', 'docs', { ...wide, language: 'en' }],
  ['ops-en-light', 'ops', { ...wide, language: 'en' }],
  ['ops-zh-dark', 'ops', { ...wide, language: 'zh', scheme: 'dark' }],
  ['ops-phone', 'ops', { language: 'en', scheme: 'light', size: 'phone' }],
  ['ops-llm-failures', 'failures', { ...wide, language: 'en' }],
];

function allLooks(): typeof documented {
  const languages = Object.keys(locales) as Look['language'][];
  const sizes = Object.keys(viewports) as Look['size'][];
  return (Object.keys(pages) as (keyof typeof pages)[]).flatMap((page) =>
    languages.flatMap((language) =>
      schemes.flatMap((scheme) =>
        sizes.map(
          (size) => [`${page}-${language}-${scheme}-${size}`, page, { language, scheme, size }] as const,
        ),
      ),
    ),
  );
}

const path = chromiumPath();
if (path === undefined) throw new Error('no Chromium');
const [option, folder = 'docs/images'] = process.argv.slice(2);
const looks =
  option === '--all' ? allLooks() : documented.filter(([name]) => option === undefined || name === option);
mkdirSync(folder, { recursive: true });
const data = mkdtempSync(join(tmpdir(), 'album-screens-'));
const [past, failing] = [join(data, 'past.db'), join(data, 'failing.db')];
await writePastDay(past, Date.now());
copyFileSync(past, failing);
const llm = await startFakeLlm();
const app = await startApp({
  SQLITE_FILE: past,
  OPS_TOKEN: token,
  LLM_BASE_URL: llm.baseUrl,
  LLM_MODEL: 'eyes',
});
const localApp = await startApp();
const locked = await startFakeLlm({
  behave: { status: 401, body: { error: { code: 'invalid_api_key', message: 'Incorrect API key.' } } },
});
const failingApp = await startApp({
  SQLITE_FILE: failing,
  OPS_TOKEN: token,
  LLM_PROVIDERS: 'locked,dead',
  LLM_LOCKED_PROVIDER: 'openai',
  LLM_LOCKED_BASE_URL: locked.baseUrl,
  LLM_LOCKED_API_KEY: 'wrong',
  LLM_DEAD_PROVIDER: 'openai',
  LLM_DEAD_BASE_URL: 'http://127.0.0.1:9/v1',
  LLM_TRIES: '1',
});
for (const tail of ['a', 'b', 'c', 'd', 'e'])
  await post(
    `${failingApp.url}/api/v1/classify`,
    formOf([{ name: 'image', value: Buffer.concat([sampleBytes('cat.jpg'), Buffer.from(tail)]) }]),
  );

const browser = await launchChromium(path);
for (const [name, page, { language, scheme, size }] of looks) {
  const context = await browser.newContext({
    viewport: viewports[size],
    colorScheme: scheme,
    locale: locales[language],
  });
  const tab = await context.newPage();
  await pages[page](tab, { start: localApp, failures: failingApp, docs: app, ops: app }[page].url);
  await tab.screenshot({ path: join(folder, `${name}.jpg`), type: 'jpeg', quality: 60 });
  await context.close();
}
await browser.close();
for (const one of [app, localApp, failingApp, llm, locked]) await one.close();
rmSync(data, { recursive: true });
