import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { post } from '../support/app.ts';

const workers = 4;
const lookups = 60;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

test('a scrape of any of several workers tells what all of them did', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'album-scrape-'));
  const port = await freePort();
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: {
      PATH: process.env.PATH,
      APP_HOST: '127.0.0.1',
      APP_PORT: String(port),
      SQLITE_FILE: join(folder, 'album.db'),
      WORKERS: String(workers),
      INFERENCE_PROCESSES: '1',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  try {
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    await expect.poll(() => output.match(/Server listening/g)?.length, { timeout: 60_000 }).toBe(workers);
    const url = `http://127.0.0.1:${port}`;
    // Connections of their own spread over the workers.
    const once = { connection: 'close' };
    const scrape = async () => (await fetch(`${url}/metrics`, { headers: once })).text();
    const value = (text: string, name: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1] ?? 0,
      );
    const hash = 'a'.repeat(64);
    await Promise.all(
      Array.from({ length: lookups }, () =>
        post(`${url}/api/v1/classify/check-cache`, { image_hash: hash }, once),
      ),
    );
    const asked =
      'album_http_request_duration_seconds_count{method="POST",route="/api/v1/classify/check-cache",status="2xx"}';
    for (let index = 0; index < 4; index += 1) {
      const text = await scrape();
      expect(value(text, 'album_lookups_total{result="miss"}')).toBe(lookups);
      expect(value(text, asked)).toBe(lookups);
      expect(value(text, 'album_ready')).toBe(workers);
      expect(value(text, 'album_store_up')).toBe(1);
      const buckets = text
        .split('\n')
        .filter((line) => line.includes('_bucket') && line.includes('check-cache') && line.includes('+Inf'));
      expect(buckets).toHaveLength(1);
    }
  } finally {
    child.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true });
  }
}, 120_000);
