import { setTimeout as sleep } from 'node:timers/promises';
import { openCacheMaintenance } from '../src/cache/maintenance.ts';
import { openDriver } from '../src/compose/driver.ts';
import { configFrom } from '../src/config.ts';
import { withGroupCommit } from '../src/store/group-commit.ts';
import type { RecordStore } from '../src/store/records.ts';
import { percentile } from './start-service.ts';
import { dayMs, photoAt } from './stats-records.ts';

const aloneMs = 40_000;
/** Between two writes: one is under way at a time, as in the service. */
const restMs = 5;

/**
 * The service's maintenance deletes old records while a writer runs; afterwards the same writes run alone.
 */
export async function measureRetention(environment: Record<string, string>, daysKept: number): Promise<void> {
  const store = openDriver(configFrom(environment));
  await store.migrate();
  const grouped = withGroupCommit(store);
  let removed = 0;
  const maintenance = openCacheMaintenance({
    store,
    leases: grouped,
    recordsMs: daysKept * dayMs,
    resultsMs: 0,
    maxResults: 0,
    onDeleted: (of, rows) => (removed += of === 'photos' ? rows : 0),
    onFailure: (error) => console.log(error),
  });
  const started = performance.now();
  const during = await waitsWhile(grouped, maintenance.sweep());
  const tookMs = performance.now() - started;
  const alone = await waitsWhile(grouped, sleep(aloneMs));
  console.log(`  retention: ${removed} photos removed in ${(tookMs / 1000).toFixed(0)} s`);
  console.log(`  a write meanwhile: ${shown(during)}`);
  console.log(`  a write alone:     ${shown(alone)}`);
  await store.close();
}

async function waitsWhile(
  store: RecordStore & { flush(): Promise<void> },
  work: Promise<void>,
): Promise<readonly number[]> {
  const waits: number[] = [];
  let isOver = false;
  void work.finally(() => (isOver = true));
  for (let index = 0; !isOver; index += 1) {
    const started = performance.now();
    store.recordPhoto(photoAt(Date.now(), index));
    await store.flush();
    waits.push(performance.now() - started);
    await sleep(restMs);
  }
  return waits;
}

function shown(waits: readonly number[]): string {
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => percentile(waits, share).toFixed(1));
  const over = waits.filter((ms) => ms > 50).length;
  return `p50 ${p50}, p99 ${p99}, p99.9 ${p999}, longest ${Math.max(...waits).toFixed(1)} ms; ${over} of ${waits.length} over 50 ms`;
}
