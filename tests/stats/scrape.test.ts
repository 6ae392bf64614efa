import { expect } from 'vitest';
import { post } from '../support/app.ts';
import { longTest } from '../support/long-test.ts';
import { spawnService } from '../support/service-process.ts';

const workers = 4;
const lookups = 60;

longTest(
  'a scrape of any of several workers covers all of them',
  async () => {
    const { url, ready } = await spawnService({ WORKERS: String(workers) });
    await ready(workers);
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
  },
  120_000,
);
