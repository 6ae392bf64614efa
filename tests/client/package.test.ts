import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleBytes, startApp } from '../support/app.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';

let folder: string;
let bundle: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'album-client-package-'));
  execFileSync(process.execPath, ['scripts/pack-client.ts', folder], { stdio: 'pipe' });
  const [archive = ''] = readdirSync(folder);
  const installed = join(folder, 'node_modules/album-classifier-client');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, archive), '-C', installed, '--strip-components=1']);
  const input = join(folder, 'page.js');
  writeFileSync(
    input,
    "import { albumClient } from 'album-classifier-client'; globalThis.albumClient = albumClient;",
  );
  const { output } = await (await rolldown({ input })).generate({ minify: true });
  bundle = output[0].code;
});
afterAll(() => rmSync(folder, { recursive: true }));

test('depends on nothing, and a bundle of it is below 6 KB', () => {
  const manifest = join(folder, 'node_modules/album-classifier-client/package.json');
  const { dependencies, peerDependencies, scripts } = JSON.parse(readFileSync(manifest, 'utf8'));
  expect([dependencies, peerDependencies, scripts]).toEqual([undefined, undefined, undefined]);
  const sizeBytes = gzipSync(bundle).length;
  console.log(`the client's bundle: ${sizeBytes} bytes with gzip`);
  expect(sizeBytes).toBeLessThan(6 * 1024);
});

test('works in Node.js', () => {
  const code =
    "import { albumClient } from 'album-classifier-client'; console.log(typeof albumClient({ baseUrl: 'x' }).classifyAlbum)";
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(output).toBe('function\n');
});

test('has types that hold in strict projects, as the examples of its manual do', () => {
  // Of a project that has react-native-fs installed.
  const modules =
    "declare module 'react-native-fs' { const fs: { hash(path: string, kind: string): Promise<string> }; export default fs; }";
  writeFileSync(join(folder, 'modules.d.ts'), modules);
  const examples = [...readFileSync('docs/client.md', 'utf8').matchAll(/```ts\n(.*?)```/gs)];
  expect(examples).toHaveLength(4);
  const files = examples.map(([, code = ''], index) => {
    writeFileSync(join(folder, `example${index}.mts`), code);
    return { name: `example${index}.mts`, needsNode: code.includes("'node:") };
  });
  writeFileSync(
    join(folder, 'wrong.mts'),
    `import { type AlbumSummary } from 'album-classifier-client';
    export const count = (summary: AlbumSummary) =>
      // @ts-expect-error there is no such count
      summary.nonsense;`,
  );
  const check = (names: readonly string[], types: string) =>
    execFileSync(
      resolve('node_modules/.bin/tsc'),
      [
        '--noEmit',
        '--strict',
        '--module',
        'nodenext',
        '--lib',
        'es2024,dom,dom.iterable',
        '--types',
        types,
      ].concat('--typeRoots', resolve('node_modules/@types'), 'modules.d.ts', names),
      { cwd: folder, encoding: 'utf8' },
    );
  const namesOf = (needsNode: boolean) =>
    files.filter((file) => file.needsNode === needsNode).map(({ name }) => name);
  expect(check([...namesOf(false), 'wrong.mts'], '')).toBe('');
  expect(check(namesOf(true), 'node')).toBe('');
});

test.skipIf(chromiumPath() === undefined)('works in a browser, on a page from elsewhere', async () => {
  const page = `<!doctype html><script type="module">${bundle}</script>`;
  const site = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
  await new Promise<void>((done) => site.listen(0, '127.0.0.1', done));
  const { port } = site.address() as AddressInfo;
  // Not localhost, so without WebCrypto.
  const origin = `http://album.test:${port}`;
  const app = await startApp({ CORS_ORIGIN: origin });
  const browser = await launchChromium(chromiumPath() ?? '');
  try {
    const tab = await browser.newPage();

    await tab.goto(origin);
    const answer = await tab.evaluate(
      async ({ baseUrl, base64 }) => {
        // biome-ignore lint/suspicious/noExplicitAny: the page's own global
        const client = (globalThis as any).albumClient({ baseUrl });
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        const photo = { name: 'cat.jpg', read: () => new Blob([bytes]) };
        return client.classify(photo).catch((error: Error) => error.message);
      },
      { baseUrl: app.url.replace('http://', ''), base64: sampleBytes('cat.jpg').toString('base64') },
    );
    expect(answer).toMatchObject({ category: 'pets', inferenceMethod: 'local' });
  } finally {
    await browser.close();
    site.closeAllConnections();
    site.close();
    await app.close();
  }
});
