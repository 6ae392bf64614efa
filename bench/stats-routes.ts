import { setTimeout as sleep } from 'node:timers/promises';
import { formOf, post, sampleBytes } from '../tests/support/app.ts';
import { percentile, type RunningService, startService } from './start-service.ts';

const opsToken = 'bench';
const warmRounds = 30;

const hours = (count: number, step: number): string => {
  const to = Math.floor(Date.now() / 1000);
  return `timeseries?from=${to - count * 3600}&to=${to}&step=${step}`;
};

const routes = (): readonly string[] => [
  'today',
  'cache-efficiency',
  'category-distribution?days=90',
  'inference-method?days=90',
  'batch-cache?days=90',
  'batch-classify?days=90',
  'users/top',
  'users/top?days=7',
  'users/top?days=90',
  hours(1, 60),
  hours(12, 60),
  hours(12, 300),
  hours(3 * 24, 1800),
  hours(15 * 24, 3600),
  hours(90 * 24, 3600),
];

async function asked({ url }: RunningService, route: string): Promise<number> {
  const started = performance.now();
  const answer = await fetch(`${url}/api/v1/stats/${route}`, {
    headers: { authorization: `Bearer ${opsToken}` },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${route}: ${answer.status} ${text}`);
  return performance.now() - started;
}

/** Each over HTTP, as the first request of a fresh process and again and again; then how far sums lag behind. */
export async function measureRoutes(environment: Record<string, string>): Promise<void> {
  const start = () => startService({ OPS_TOKEN: opsToken, ...environment });
  const cold = new Map<string, number>();
  for (const route of routes()) {
    const service = await start();
    cold.set(route, await asked(service, route));
    await service.stop();
  }
  const service = await start();
  for (const [route, coldMs] of cold) {
    const times: number[] = [];
    for (let round = 0; round < warmRounds; round += 1) times.push(await asked(service, route));
    const [p50, slowest] = [percentile(times, 0.5), Math.max(...times)].map((ms) => ms.toFixed(1));
    const name = route.replace(/from=(\d+)&to=(\d+)/, (_, from, to) => `${(to - from) / 3600} hours`);
    console.log(`  ${name.padEnd(34)} first ${coldMs.toFixed(1)}, p50 ${p50}, slowest ${slowest} ms`);
  }
  await lag(service);
  await service.stop();
}

async function lag(service: RunningService): Promise<void> {
  const photos = async () => {
    const headers = { authorization: `Bearer ${opsToken}` };
    const answer = await fetch(`${service.url}/api/v1/stats/today`, { headers });
    return ((await answer.json()) as { photos: number }).photos;
  };
  const before = await photos();
  await post(
    `${service.url}/api/v1/classify`,
    formOf([{ name: 'image', value: Buffer.concat([sampleBytes('cat.jpg'), Buffer.from(`${Date.now()}`)]) }]),
  );
  const started = performance.now();
  while ((await photos()) === before) await sleep(1);
  console.log(
    `  lag of sums: ${(performance.now() - started).toFixed(1)} ms from a photo's answer to its report`,
  );
}
