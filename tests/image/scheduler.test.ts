import { beforeEach, describe, expect, it } from 'vitest';
import { DeadlineError } from '../../src/errors.ts';
import type { AnalyseContext } from '../../src/image/photo.ts';
import type { Job, QueuedJob } from '../../src/image/pool/job.ts';
import { openScheduler, type SchedulerOptions } from '../../src/image/pool/scheduler.ts';
import { openThroughputEstimate } from '../../src/image/pool/throughput-estimate.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { jobOf, longContext } from '../support/pools.ts';

let nowMs: number;
beforeEach(() => {
  nowMs = 0;
});

const photo = (name = 'photo', cpuMs = 50, wants: Partial<Job['wants']> = {}): Job => ({
  ...jobOf(name, { infer: false, ...wants }),
  cost: { cpuMs, megabytes: 20 },
});
const inference = (name: string): Job => ({ ...photo(name), kind: 'inference' });
const single = (ms = 60_000): AnalyseContext => ({ ...longContext(), deadline: deadlineIn(ms, () => nowMs) });
const album = (caller: string, ms?: number): AnalyseContext => ({ ...single(ms), lane: 'batch', caller });

/** Two children; every photo takes twice its estimate, once `known` were done. */
function setUp({ known = 100, ...options }: Partial<SchedulerOptions> & { known?: number } = {}) {
  const throughput = openThroughputEstimate(() => nowMs);
  for (let done = 0; done < known; done++) {
    const end = throughput.begin(photo());
    nowMs += 100;
    end(true);
  }
  const rejected: unknown[] = [];
  const taken: QueuedJob[] = [];
  const scheduler = openScheduler({
    ...{ throughput, queueLimit: 1000, albumTurns: 2, children: () => 2, nowMs: () => nowMs },
    ...options,
  });
  const add = (job: Job, context: AnalyseContext = single()) =>
    scheduler.add({ job, context, resolve() {}, reject: (reason) => rejected.push(reason), losses: 0 });
  function take(canStart: (job: Job) => boolean = () => true): string | undefined {
    const queued = scheduler.take(canStart);
    if (queued) taken.push(queued);
    return queued?.job.bytes.toString();
  }
  return { scheduler, add, take, taken, rejected };
}

const times = (count: number) => Array.from({ length: count });

describe('the order of jobs', () => {
  it('is that of arrival among photos of one cost', () => {
    const { add, take } = setUp();
    for (const name of ['one', 'two', 'three']) add(photo(name));
    expect(times(4).map(() => take())).toEqual(['one', 'two', 'three', undefined]);
  });

  it('lets cheap photos pass expensive ones, for a few times what those take', () => {
    const { add, take } = setUp();
    add(photo('expensive', 1000));
    nowMs += 3_700;
    add(photo('early'));
    nowMs += 200;
    add(photo('late'));
    expect(times(3).map(() => take())).toEqual(['early', 'expensive', 'late']);
  });

  it('puts inference first, whose caller has waited for an LLM already, and a job whose child was lost', () => {
    const { scheduler, add, take, taken } = setUp();
    add(photo('lost'));
    take();
    add(photo('photo'));
    add(inference('inference'));
    if (taken[0]) scheduler.addFirst(taken[0]);
    expect(times(3).map(() => take())).toEqual(['lost', 'inference', 'photo']);
  });

  it('gives what the next child can’t do to another one later', () => {
    const { add, take } = setUp();
    add(photo('infer', 50, { infer: true }));
    add(photo('expensive', 1000));
    expect(take(({ wants }) => !wants.infer)).toBe('expensive');
    expect(take()).toBe('infer');
  });

  it('keeps one of several children for cheap photos while such come', () => {
    const { scheduler, add, take, taken } = setUp();
    add(photo('cheap'));
    for (const name of ['one', 'two']) add(photo(name, 1000));
    expect(times(3).map(() => take())).toEqual(['cheap', 'one', undefined]);
    nowMs += 30_000;
    expect(take()).toBe('two');
    const one = taken[1];
    if (one) scheduler.done(one);
    add(photo('cheap again'));
    add(photo('three', 1000));
    expect([take(), take()]).toEqual(['cheap again', undefined]);
  });

  it('lets albums take turns, a few photos at a time, and a single photo waits for none but those', () => {
    const { scheduler, add, take, taken } = setUp();
    for (const name of ['a1', 'a2', 'a3', 'a4']) add(photo(name), album('a'));
    add(photo('b1'), album('b'));
    add(photo('single'));
    expect(times(4).map(() => take())).toEqual(['a1', 'a2', 'single', undefined]);
    for (const queued of taken.splice(0)) scheduler.done(queued);
    expect(times(3).map(() => take())).toEqual(['b1', 'a3', undefined]);
    for (const queued of taken.splice(0)) scheduler.done(queued);
    expect(times(2).map(() => take())).toEqual(['a4', undefined]);
  });

  it('lets cheap photos of albums pass expensive ones of others', () => {
    const { add, take } = setUp({ albumTurns: 1 });
    for (const name of ['expensive 1', 'expensive 2']) add(photo(name, 1000), album('a'));
    for (const name of ['one', 'two']) add(photo(name), album('b'));
    expect(times(3).map(() => take())).toEqual(['one', 'expensive 1', undefined]);
  });

  it('frees the turn of a photo of an album that leaves, whether it waits, runs or was to be retried', async () => {
    const { scheduler, add, take, taken, rejected } = setUp({ albumTurns: 1 });
    const controller = new AbortController();
    const leaving = { ...album('a'), signal: controller.signal };
    add(photo('waits'), leaving);
    add(photo('next'), album('b'));
    controller.abort(new Error('gone'));
    expect(rejected).toEqual([new Error('gone')]);
    expect(take()).toBe('next');
    add(photo('third'), album('c'));
    expect(take()).toBeUndefined();
    const [next] = taken;
    if (next) scheduler.addFirst(next);
    scheduler.rejectAll(() => new Error('stop'));
    expect(scheduler.length).toBe(0);
    expect(rejected).toHaveLength(3);
    add(photo('fresh'), album('d'));
    expect(take()).toBe('fresh');
  });

  it('never begins a job whose time is up', () => {
    const { add, take, rejected } = setUp();
    add(photo(), single(0));
    expect(take()).toBeUndefined();
    expect(rejected[0]).toBeInstanceOf(DeadlineError);
  });
});

describe('admission', () => {
  it('rejects a photo when the ones before it leave it no time, with a quarter for its own work', () => {
    const { scheduler, add } = setUp();
    for (const _ of times(20)) add(photo());
    expect(scheduler.drainMs(2)).toBeCloseTo(1000);
    expect(scheduler.isOverloaded(photo(), single(1300))).toBe(true);
    expect(scheduler.isOverloaded(photo(), single(1400))).toBe(false);
  });

  it('rejects no one while nothing waits, or before it knows the machine', () => {
    expect(setUp().scheduler.isOverloaded(photo(), single(1))).toBe(false);
    for (const known of [0, 1, 100]) {
      const { scheduler, add } = setUp({ known });
      for (const _ of times(10)) add(photo());
      expect(scheduler.isOverloaded(photo(), single(1))).toBe(known === 100);
    }
  });

  it('rejects photos of an album and inference for want of room alone, and inference never', () => {
    const { scheduler, add } = setUp({ queueLimit: 30 });
    for (const _ of times(20)) add(photo());
    expect(scheduler.isOverloaded(photo(), album('a', 1))).toBe(false);
    expect(scheduler.isOverloaded(inference('one'), single(1))).toBe(false);
    for (const _ of times(32)) add(photo(), album('a'));
    expect(scheduler.isOverloaded(photo(), album('b', 1))).toBe(true);
    for (const _ of times(10)) add(photo());
    expect(scheduler.isOverloaded(photo(), single())).toBe(true);
    expect(scheduler.isOverloaded(inference('one'), single())).toBe(false);
  });

  it('leaves half of the queue to cheap photos', () => {
    const { scheduler, add } = setUp({ queueLimit: 4 });
    for (const _ of times(2)) add(photo('expensive', 1000));
    expect(scheduler.isOverloaded(photo('expensive', 1000), single())).toBe(true);
    expect(scheduler.isOverloaded(photo(), single())).toBe(false);
  });

  it('counts only those that go before', () => {
    const { scheduler, add } = setUp();
    add(photo());
    for (const _ of times(3)) add(photo('expensive', 2000));
    expect(scheduler.isOverloaded(photo(), single(200))).toBe(false);
    expect(scheduler.isOverloaded(photo('expensive', 2000), single(15_000))).toBe(true);
    expect(scheduler.isOverloaded(photo('expensive', 2000), single(17_000))).toBe(false);
  });

  it('counts the network’s run that comes with a decode, and learns what inference takes from the others', () => {
    const withInference = setUp();
    for (const _ of times(20)) withInference.add(photo('photo', 25, { infer: true }));
    expect(withInference.scheduler.drainMs(2)).toBeCloseTo(1000);
    const throughput = openThroughputEstimate(() => nowMs);
    for (const _ of times(200))
      for (const job of [photo(), inference('each')]) {
        const end = throughput.begin(job);
        nowMs += job.kind === 'decode' ? 100 : 50;
        end(true);
      }
    expect(throughput.drainMs(50, 1)).toBeCloseTo(150, -1);
  });

  it('keeps its sums through everything that leaves', () => {
    const { scheduler, add, take, taken } = setUp();
    const controller = new AbortController();
    for (const cpuMs of [50, 1000])
      for (const context of [single(), album('a'), album('b'), { ...single(), signal: controller.signal }])
        for (const _ of times(5)) add(photo('any', cpuMs), context);
    controller.abort();
    for (let name = take(); name !== undefined; name = take())
      for (const queued of taken.splice(0)) scheduler.done(queued);
    expect(scheduler.length).toBe(0);
    expect(scheduler.drainMs(1)).toBe(0);
  });
});
