import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Pool } from '../../src/image/pool/pool.ts';
import { residentBytesOf } from '../../src/image/pool/resident-memory.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { closePools, isAlive, jobOf, longContext, scriptedPool, until } from '../support/pools.ts';

const pidOf = async (pool: Pool) => (await pool.analyse(jobOf('pid'), longContext())).widthPx;
/** Ends a `hold`. */
const release = (pid: number) => process.kill(pid, 'SIGUSR2');
const expensive = (order: string) => ({ ...jobOf(order), cost: { cpuMs: 2000, megabytes: 300 } });

describe('the pool of children', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pool-'));
  });
  afterEach(async () => {
    await closePools();
    rmSync(folder, { recursive: true });
  });
  const startsFile = () => join(folder, 'starts');
  const startCount = () => readFileSync(startsFile(), 'utf8').trim().split('\n').length;

  it('is usable when the first child is ready, and says what it has', async () => {
    const pool = scriptedPool({ size: 2 });
    await pool.ready();
    expect(pool.status().ready).toBeGreaterThan(0);
    await until(() => pool.status().ready === 2);
    expect(pool.status()).toMatchObject({ size: 2, ready: 2, busy: 0, queued: 0 });
    expect(pool.status().modelError).toBeUndefined();
  });

  it('runs one photo per child, and the others in the order of arrival', async () => {
    const pool = scriptedPool();
    const pid = await pidOf(pool);
    const done: string[] = [];
    const hold = pool.analyse(jobOf('hold'), longContext()).then(() => done.push('hold'));
    const others = ['first', 'second', 'third'].map((name) =>
      pool.analyse(jobOf('pid'), longContext()).then(() => done.push(name)),
    );
    // One of the three waits in the child.
    await until(() => pool.status().busy === 1 && pool.status().queued === 2);
    release(pid);
    await Promise.all([hold, ...others]);
    expect(done).toEqual(['hold', 'first', 'second', 'third']);
  });

  it('runs a photo in another child, at no cost to it, when its child is lost before it starts', async () => {
    let retries = 0;
    const pool = scriptedPool({ hooks: { jobRetried: () => retries++ } });
    const pid = await pidOf(pool);
    const work = ['hold', 'pid', 'pid', 'pid'].map((order) => pool.analyse(jobOf(order), longContext()));
    await until(() => pool.status().queued === 2);
    process.kill(pid, 'SIGKILL');
    await until(() => pool.status().pids.some((other) => other !== pid) && pool.status().ready === 1);
    const [next = 0] = pool.status().pids;
    release(next);
    for (const { widthPx } of await Promise.all(work)) expect(widthPx).toBe(next);
    expect(retries).toBe(1);
  });

  it('never rejects inference', async () => {
    const pool = scriptedPool({ queueLimit: 1 });
    const pid = await pidOf(pool);
    const held = pool.analyse(jobOf('hold'), longContext());
    const waiting = [pool.analyse(jobOf('pid'), longContext())];
    await expect(pool.analyse(jobOf('pid'), longContext())).rejects.toMatchObject({ code: 'overloaded' });
    waiting.push(pool.analyse({ ...jobOf('pid'), kind: 'inference' }, longContext()));
    release(pid);
    await Promise.all([held, ...waiting]);
  });

  it('rejects a photo when its queue is full, and says when to retry', async () => {
    const pool = scriptedPool({ queueLimit: 1 });
    await pidOf(pool);
    const held = pool.analyse(jobOf('hold'), longContext());
    const queued = pool.analyse(jobOf('pid'), longContext());
    await expect(pool.analyse(jobOf('pid'), longContext())).rejects.toMatchObject({
      code: 'overloaded',
      status: 503,
      retryAfterS: expect.any(Number),
    });
    release(pool.status().pids[0] ?? 0);
    await Promise.all([held, queued]);
  });

  it('rejects a photo that would miss its deadline, and accepts one with enough time', async () => {
    const pool = scriptedPool();
    const pid = await pidOf(pool);
    // It knows the machine after a few photos.
    for (let photo = 0; photo < 20; photo++) await pidOf(pool);
    const held = pool.analyse(jobOf('hold'), longContext());
    const within = (ms: number) => ({ ...longContext(), deadline: deadlineIn(ms, () => 0) });
    const first = pool.analyse({ ...jobOf('pid'), cost: { cpuMs: 1e6, megabytes: 20 } }, longContext());
    const { drainMs } = pool.status();
    const long = { ...jobOf('pid'), cost: { cpuMs: 2e6, megabytes: 20 } };
    await expect(pool.analyse(long, within(drainMs * 0.9))).rejects.toMatchObject({
      code: 'overloaded',
      status: 503,
      retryAfterS: expect.any(Number),
    });
    const second = pool.analyse(long, within(drainMs * 2));
    expect(pool.status().queued).toBe(2);
    release(pid);
    await Promise.all([held, first, second]);
  });

  it('drops a queued photo when its deadline passes or its caller is gone', async () => {
    const pool = scriptedPool();
    const pid = await pidOf(pool);
    const held = pool.analyse(expensive('hold'), longContext());
    let nowMs = 0;
    const deadline = deadlineIn(20, () => nowMs);
    const late = pool.analyse(jobOf('crash'), { ...longContext(), deadline });
    const controller = new AbortController();
    const gone = pool.analyse(jobOf('crash'), longContext(controller.signal));
    expect(pool.status().queued).toBe(2);
    controller.abort(new Error('gone'));
    nowMs = 20;
    await expect(gone).rejects.toThrow('gone');
    await expect(late).rejects.toMatchObject({ code: 'deadline_passed' });
    expect(pool.status().queued).toBe(0);
    release(pid);
    await held;
    expect(await pidOf(pool)).toBe(pid);
    const passed = { ...longContext(), deadline: deadlineIn(0) };
    await expect(pool.analyse(jobOf('crash'), passed)).rejects.toMatchObject({ code: 'deadline_passed' });
  });

  it('reports what is wrong with a photo, and keeps the child', async () => {
    const pool = scriptedPool();
    const pid = await pidOf(pool);
    await expect(pool.analyse(jobOf('refuse'), longContext())).rejects.toMatchObject({
      code: 'truncated_image',
      status: 422,
      message: 'The photo is cut short: it ends within its header.',
    });
    expect(await pidOf(pool)).toBe(pid);
  });

  const canSeeMemory = residentBytesOf(process.pid) !== undefined;
  it.each([
    ['crashes', 'crash', 'crashed'],
    ['hangs', 'hang', 'hung'],
    ['reports a fault', 'broken', 'broken'],
    ...(canSeeMemory ? [['uses too much memory', 'grow', 'memory']] : []),
  ])('retries a photo once when its child %s, then refuses it', async (_, order, loss) => {
    const losses: string[] = [];
    let retries = 0;
    const pool = scriptedPool({
      jobTimeoutMs: order === 'hang' ? 500 : 15_000,
      maxRssBytes: 300 * 2 ** 20,
      hooks: { childLost: (lost) => losses.push(lost), jobRetried: () => retries++ },
    });
    const other = pool.analyse(jobOf(order), longContext());
    await expect(other).rejects.toMatchObject({ code: 'refused_image', status: 422 });
    expect(losses).toEqual([loss, loss]);
    expect(retries).toBe(1);
    expect((await pool.analyse(jobOf('pid'), longContext())).heightPx).toBe(1);
  });

  it('refuses a photo for a while after two children were lost with it', async () => {
    const losses: string[] = [];
    const pool = scriptedPool({ refuseForMs: 400, hooks: { childLost: (loss) => losses.push(loss) } });
    const job = jobOf('crash');
    await expect(pool.analyse(job, longContext())).rejects.toMatchObject({ code: 'refused_image' });
    expect(losses).toHaveLength(2);
    for (let again = 0; again < 3; again += 1)
      await expect(pool.analyse(job, longContext())).rejects.toMatchObject({
        code: 'refused_image',
        status: 422,
      });
    expect(losses).toHaveLength(2);
    await pidOf(pool);
    // The cause may be fixed by then.
    while (losses.length === 2) {
      await pool.analyse(job, longContext()).catch(() => undefined);
      await nextTurn();
    }
    expect(losses).toHaveLength(4);
  });

  it('refuses a photo whose estimated memory exceeds the limit of a child', async () => {
    const losses: string[] = [];
    const pool = scriptedPool({ maxRssBytes: 400e6, hooks: { childLost: (loss) => losses.push(loss) } });
    const needing = (megabytes: number) => ({ ...jobOf('pid'), cost: { cpuMs: 30, megabytes } });
    await expect(pool.analyse(needing(401), longContext())).rejects.toMatchObject({ code: 'refused_image' });
    await pool.analyse(needing(399), longContext());
    expect(losses).toEqual([]);
  });

  it('reserves a child for cheap photos while such arrive', async () => {
    const pool = scriptedPool({ size: 2 });
    await until(() => pool.status().ready === 2);
    await pidOf(pool);
    const photos = [expensive('hold'), expensive('hold'), expensive('pid')].map((job) =>
      pool.analyse(job, longContext()),
    );
    expect(pool.status()).toMatchObject({ busy: 1, queued: 2 });
    const free = await pidOf(pool);
    expect(pool.status()).toMatchObject({ busy: 1, queued: 2 });
    for (const pid of pool.status().pids) if (pid !== free) release(pid);
    const pids = (await Promise.all(photos)).map(({ widthPx }) => widthPx);
    expect(pids).not.toContain(free);
  });

  it('reserves no child if no cheap photos arrive', async () => {
    const pool = scriptedPool({ size: 2 });
    await until(() => pool.status().ready === 2);
    const photos = [1, 2].map(() => pool.analyse(expensive('hold'), longContext()));
    expect(pool.status()).toMatchObject({ busy: 2, queued: 0 });
    for (const pid of pool.status().pids) release(pid);
    await Promise.all(photos);
  });

  it('lets cheap photos pass expensive ones, and keeps half of its queue for them', async () => {
    const pool = scriptedPool({ queueLimit: 4 });
    const pid = await pidOf(pool);
    const done: string[] = [];
    const hold = pool.analyse(expensive('hold'), longContext());
    const queued = [expensive('pid'), expensive('pid')].map((job) =>
      pool.analyse(job, longContext()).then(() => done.push('expensive')),
    );
    await expect(pool.analyse(expensive('pid'), longContext())).rejects.toMatchObject({ code: 'overloaded' });
    const cheap = [1, 2].map(() => pool.analyse(jobOf('pid'), longContext()).then(() => done.push('cheap')));
    await expect(pool.analyse(jobOf('pid'), longContext())).rejects.toMatchObject({ code: 'overloaded' });
    release(pid);
    await Promise.all([hold, ...queued, ...cheap]);
    expect(done).toEqual(['cheap', 'cheap', 'expensive', 'expensive']);
  });

  it('runs its children at a lower priority', async () => {
    const pool = scriptedPool();
    expect(getPriority(await pidOf(pool))).toBeGreaterThan(getPriority());
  });

  it('loses no photo when a child is killed or stopped from outside', async () => {
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      const pool = scriptedPool({ size: 2, jobTimeoutMs: 1500 });
      await until(() => pool.status().ready === 2);
      const [victim = 0] = pool.status().pids;
      const work = [1, 2, 3, 4, 5, 6].map(() => pool.analyse(jobOf('nap'), longContext()));
      await until(() => pool.status().busy === 2);
      process.kill(victim, signal);
      expect(await Promise.all(work)).toHaveLength(6);
      await until(() => !pool.status().pids.includes(victim));
      await until(() => pool.status().ready === 2);
      expect(isAlive(victim)).toBe(false);
    }
  });

  it('replaces children that are killed while idle', async () => {
    const pool = scriptedPool();
    const pid = await pidOf(pool);
    process.kill(pid, 'SIGKILL');
    await until(() => pool.status().ready === 0);
    // One lost child is no reason to report an outage.
    expect(pool.status().modelError).toBeUndefined();
    await until(() => pool.status().ready === 1 && !pool.status().pids.includes(pid));
    expect(await pidOf(pool)).not.toBe(pid);
  });

  it('rejects photos when no child can start', async () => {
    const pool = scriptedPool(
      { size: 1 },
      { startsFile: startsFile(), firstStarts: { count: 2, as: 'failed' } },
    );
    const waiting = pool.analyse(jobOf('pid'), longContext());
    await expect(pool.ready()).rejects.toMatchObject({ code: 'no_classifier' });
    await expect(waiting).rejects.toMatchObject({ code: 'no_classifier', status: 503 });
    expect(pool.status()).toMatchObject({ ready: 0, modelError: expect.stringContaining('does not start') });
    // It retries, and works as soon as a child starts.
    await until(() => pool.status().ready === 1);
    expect(startCount()).toBe(3);
    expect(pool.status().modelError).toBeUndefined();
    await pidOf(pool);
  });

  it('still decodes where only the model fails, and replaces that child after a pause', async () => {
    const pool = scriptedPool(
      { modelRetryMs: 150 },
      { startsFile: startsFile(), firstStarts: { count: 1, as: 'model-error' } },
    );
    await pool.ready();
    expect(pool.status()).toMatchObject({ ready: 1, modelError: expect.stringContaining('golden') });
    await pidOf(pool);
    await until(() => pool.status().ready === 1 && pool.status().modelError === undefined);
    expect(startCount()).toBe(2);
  });

  it('gives a photo that wants probabilities to a child whose model works, though another child is idle', async () => {
    const pool = scriptedPool(
      { size: 2, modelRetryMs: 60_000 },
      { startsFile: startsFile(), firstStarts: { count: 1, as: 'model-error' } },
    );
    await until(() => pool.status().ready === 2);
    const failingPid = Number(readFileSync(startsFile(), 'utf8').split('\n')[0]);
    const pids = await Promise.all([1, 2, 3].map(() => pidOf(pool)));
    expect(pids).not.toContain(failingPid);
    expect(pool.status().modelError).toBeUndefined();
  });

  it('finishes its jobs on close, and leaves no process behind', async () => {
    const pool = scriptedPool({ size: 2 });
    await until(() => pool.status().ready === 2);
    const { pids } = pool.status();
    const work = [1, 2, 3, 4].map(() => pool.analyse(jobOf('pid'), longContext()));
    const closed = pool.close();
    await expect(pool.analyse(jobOf('pid'), longContext())).rejects.toMatchObject({ code: 'shutting_down' });
    expect(await Promise.all(work)).toHaveLength(4);
    await closed;
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('kills jobs that do not finish before the limit of close', async () => {
    const pool = scriptedPool();
    await pool.ready();
    const { pids } = pool.status();
    const stuck = pool.analyse(jobOf('hang'), longContext());
    const waiting = pool.analyse(jobOf('pid'), longContext());
    const outcomes = Promise.allSettled([stuck, waiting]);
    await pool.close(50);
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'shutting_down' } });
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('keeps its children when a signal reaches the whole process group', async () => {
    const pool = scriptedPool();
    const pid = await pidOf(pool);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal);
    expect(await pidOf(pool)).toBe(pid);
  });

  it.each([
    ['waits', 'hold'],
    ['is stuck in a loop', 'hang'],
  ])('leaves no child behind when the parent is killed and one %s', async (_, order) => {
    const parent = spawn(process.execPath, ['tests/support/pool-parent.ts', order], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids).toHaveLength(2);
    expect(pids.every(isAlive)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !pids.some(isAlive));
  });
});
