import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { configFrom } from '../../src/config.ts';
import { formOf, post, sampleBytes } from '../support/app.ts';
import { configurationOf, hasNginx, searchPath, site, startNginx } from '../support/nginx.ts';
import { startServiceProcess } from '../support/service-process.ts';

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

test('nginx accepts bodies as large, and waits as long, as the service does', () => {
  const number = (directive: string) => Number(new RegExp(`${directive} (\\d+)`).exec(site)?.[1]);
  const { limits } = configFrom({});
  expect(number('client_max_body_size') * 1_000_000).toBeGreaterThanOrEqual(limits.batchBytes);
  expect(number('proxy_read_timeout') * 1000).toBeGreaterThan(limits.batchMs);
  expect(site).toContain('proxy_request_buffering off;');
});

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
    timeout: 120_000,
  }, async () => {
    const settings = { TRUST_PROXY: '127.0.0.1', OPS_TOKEN: 'token', UPLOAD_BUDGET_MB: '16' };
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
    const images = Array.from({ length: 5 }, (_, index) => ({ name: 'images', value: padded(index) }));
    const accept = { accept: 'application/x-ndjson' };
    const batch = await post(`${url}/api/v1/classify/batch`, formOf(images), accept);
    expect(JSON.parse(batch.body.trim().split('\n').at(-1))).toMatchObject({ success_count: 5 });

    const operators = await Promise.all(['/ops', '/metrics'].map((path) => fetch(`${url}${path}`)));
    expect(operators.map(({ status }) => status)).toEqual([200, 401]);

    second.child.kill('SIGKILL');
    await second.exited;
    const lookups = await Promise.all(Array.from({ length: 20 }, () => isCached(port, claimed, '127.0.0.1')));
    expect(lookups).toEqual(lookups.map(() => true));
  });
});
