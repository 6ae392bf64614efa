import { afterEach, expect, test } from 'vitest';
import { checkRoom } from '../../src/http/upload/room-check.ts';
import { openPhotos } from '../../src/image/open-photos.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { longTest } from '../support/long-test.ts';
import { closePools, jobOf, longContext, scriptedPool, until } from '../support/pools.ts';

afterEach(closePools);

const inspector = { inspect: () => Promise.reject(new Error('no photo arrives here')) };

test('a photo is rejected before it arrives while the queue is full, and not before', async () => {
  const pool = scriptedPool({ queueLimit: 1 });
  const photos = openPhotos({ pool, inspector, wants: { rendition: true, infer: false } });
  await pool.ready();
  await checkRoom(photos, longContext());
  const expensive = { ...jobOf('hold'), cost: { cpuMs: 2000, megabytes: 20 } };
  const held = pool.analyse(expensive, longContext());
  await checkRoom(photos, longContext());
  const queued = pool.analyse(jobOf('pid'), longContext());
  await until(() => pool.status().queued === 1);
  const short = { ...longContext(), deadline: deadlineIn(1) };
  await expect(checkRoom(photos, short)).rejects.toMatchObject({ code: 'overloaded', status: 503 });
  for (const pid of pool.status().pids) process.kill(pid, 'SIGUSR2');
  await Promise.all([held, queued]);
  await checkRoom(photos, longContext());
});

test('a client that is gone waits for no rejection', async () => {
  const pool = scriptedPool({ queueLimit: 1 });
  const photos = openPhotos({ pool, inspector, wants: { rendition: true, infer: false } });
  await pool.ready();
  const jobs = ['hold', 'pid'].map((order) => pool.analyse(jobOf(order), longContext()));
  const gone = longContext(AbortSignal.abort(new Error('gone')));
  await expect(checkRoom(photos, gone)).rejects.toMatchObject({ code: 'overloaded' });
  for (const pid of pool.status().pids) process.kill(pid, 'SIGUSR2');
  await Promise.all(jobs);
});

longTest('requests that came together are rejected one after another', async () => {
  const full = {
    checkRoom() {
      throw new Error('full');
    },
  };
  const rejectedMs = await Promise.all(
    Array.from({ length: 40 }, () => checkRoom(full, longContext()).catch(() => performance.now())),
  );
  const times = rejectedMs.map(Number);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(500);
});
