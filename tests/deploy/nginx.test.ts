import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formOf, post, sampleBytes } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { startServiceProcess } from '../support/service-process.ts';

const site = readFileSync('deploy/nginx/album-classifier.conf', 'utf8');
const hasNginx = spawnSync('nginx', ['-v'], { env: searchPath() }).status === 0;

/** Debian keeps nginx where only root looks. */
function searchPath(): NodeJS.ProcessEnv {
  return { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
}

/** Writes a main configuration around the site into a folder of its own. */
function configurationOf(siteText: string): { folder: string; args: readonly string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'album-nginx-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'temp'));
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(folder, 'temp', kind)};`,
  );
  const main = `worker_processes 1;
daemon off;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'error.log')};
events { worker_connections 256; }
http { access_log off; ${temp.join(' ')} include ${join(folder, 'site.conf')}; }`;
  writeFileSync(join(folder, 'site.conf'), siteText);
  writeFileSync(join(folder, 'nginx.conf'), main);
  return { folder, args: ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')] };
}

/** The site on a plain loopback port, in front of these replicas. */
function plainSite(port: number, replicas: readonly string[]): string {
  const [first = '', second = ''] = replicas.map((url) => url.replace('http://', ''));
  return site
    .replace('127.0.0.1:8001', first)
    .replace('127.0.0.1:8002', second)
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
    .replace(/^.*(listen \[::\]|ssl_certificate).*$/gm, '');
}

/** A look-up of one hash, from a loopback address of the caller's choice. */
async function isCached(port: number, hash: string, from: string, headers = {}): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const asked = request(
    {
      ...{ host: '127.0.0.1', port, localAddress: from, method: 'POST' },
      path: '/api/v1/classify/check-cache',
      headers: { 'content-type': 'application/json', ...headers },
    },
    (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text));
    },
  ).on('error', reject);
  asked.end(JSON.stringify({ image_hash: hash }));
  return JSON.parse(await promise).cached;
}

async function startNginx(replicas: readonly string[]): Promise<number> {
  const port = await freePort();
  const { args } = configurationOf(plainSite(port, replicas));
  const nginx = spawn('nginx', args, { env: searchPath(), stdio: 'ignore' });
  const exited = once(nginx, 'exit');
  onTestFinished(async () => {
    nginx.kill('SIGTERM');
    await exited;
  });
  const answers = () => fetch(`http://127.0.0.1:${port}/health/live`).then(({ ok }) => ok);
  await expect.poll(() => answers().catch(() => false), { timeout: 15_000 }).toBe(true);
  return port;
}

describe.skipIf(!hasNginx)('the configuration of nginx', () => {
  test('is valid', () => {
    const folder = mkdtempSync(join(tmpdir(), 'album-nginx-key-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const subject = ['-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=photos.example', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', certificate], {
      stdio: 'ignore',
    });
    const withKeys = site
      .replace(/\/etc\/letsencrypt\S+fullchain\.pem/, certificate)
      .replace(/\/etc\/letsencrypt\S+privkey\.pem/, key);
    const { args } = configurationOf(withKeys);
    const { stderr, status } = spawnSync('nginx', ['-t', ...args], { env: searchPath(), encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.stringContaining('test is successful')]);
  });

  test('serves two replicas: uploads, a large streamed batch, look-ups by caller, a lost replica, routes of operators', {
    timeout: 60_000,
  }, async () => {
    const settings = { TRUST_PROXY: '127.0.0.1', OPS_TOKEN: 'token' };
    const first = await startServiceProcess(settings);
    const second = await startServiceProcess({ ...settings, SQLITE_FILE: first.file });
    const port = await startNginx([first.url, second.url]);
    const url = `http://127.0.0.1:${port}`;

    const claimed = createHash('sha256').update('the file on the phone').digest('hex');
    const form = () =>
      formOf([
        { name: 'image', value: sampleBytes('cat.jpg') },
        { name: 'image_hash', value: claimed },
      ]);
    const uploads = await Promise.all([1, 2, 3, 4].map(() => post(`${url}/api/v1/classify`, form())));
    expect(uploads.map(({ status, body }) => [status, body.data.category])).toEqual(
      uploads.map(() => [200, 'pets']),
    );

    // The claim belongs to the caller's address, which a caller can't choose.
    expect(await isCached(port, claimed, '127.0.0.1')).toBe(true);
    expect(await isCached(port, claimed, '127.0.0.2')).toBe(false);
    expect(await isCached(port, claimed, '127.0.0.2', { 'x-forwarded-for': '127.0.0.1' })).toBe(false);

    // nginx stops sending a form whose answer has begun, so this form exceeds all buffers.
    const padded = (index: number) =>
      Buffer.concat([sampleBytes('coffee.jpg'), Buffer.alloc(8_000_000, index)]);
    const images = Array.from({ length: 12 }, (_, index) => ({ name: 'images', value: padded(index) }));
    const accept = { accept: 'application/x-ndjson' };
    const batch = await post(`${url}/api/v1/classify/batch`, formOf(images), accept);
    expect(JSON.parse(batch.body.trim().split('\n').at(-1))).toMatchObject({ success_count: 12 });

    const operators = await Promise.all(['/ops', '/metrics'].map((path) => fetch(`${url}${path}`)));
    expect(operators.map(({ status }) => status)).toEqual([200, 401]);

    second.child.kill('SIGKILL');
    await second.exited;
    const lookups = await Promise.all(Array.from({ length: 20 }, () => isCached(port, claimed, '127.0.0.1')));
    expect(lookups).toEqual(lookups.map(() => true));
  });
});
