import { beforeEach, describe, expect, it } from 'vitest';
import { openForesight } from '../../src/image/foresight.ts';
import type { Job } from '../../src/image/job.ts';
import { openWaitingLine, type RideContext } from '../../src/image/waiting-line.ts';
import { openWorkload } from '../../src/image/workload.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { jobOf, patient } from '../support/pools.ts';

let nowMs: number;
beforeEach(() => {
  nowMs = 0;
});

const photoOf = (cpuMs: number, wants: Partial<Job['wants']> = {}): Job => ({
  ...jobOf('photo', { infer: false, ...wants }),
  cost: { cpuMs, megabytes: 20 },
});
const within = (ms: number, more: Partial<RideContext> = {}): RideContext => ({
  ...patient(),
  deadline: deadlineIn(ms, () => nowMs),
  ...more,
});

/** Two children, of which dear photos may hold one; every photo takes twice as long as foretold, once some are `done`. */
function lineOf(jobs: readonly Job[], { done = 100, first = [] as readonly Job[] } = {}) {
  const [line, workload] = [openWaitingLine(), openWorkload(() => nowMs)];
  for (let photo = 0; photo < done; photo++) {
    const end = workload.begin(photoOf(50));
    nowMs += 100;
    end(true);
  }
  const ignored = { resolve: () => {}, reject: () => {}, losses: 0 };
  for (const job of jobs) line.join({ job, context: patient(), ...ignored }, 'by turn');
  for (const job of first) line.join({ job, context: patient(), ...ignored }, 'first');
  return openForesight({
    ...{ line, workload, queueLimit: 1000, queueMs: 60_000 },
    children: () => 2,
    placesFor: ({ cost }) => (cost.cpuMs < 200 ? 2 : 1),
  });
}

const tenCheap = Array.from({ length: 10 }, () => photoOf(50));

describe('what is foretold of the line', () => {
  it('is in vain for a photo that the ones before it leave no time for', () => {
    // A second of real work for two children.
    const foresight = lineOf([...tenCheap, ...tenCheap]);
    expect(foresight.drainMs(2)).toBeCloseTo(1000);
    expect(foresight.isInVain(photoOf(50), within(1000))).toBe(true);
    expect(foresight.isInVain(photoOf(50), within(2000))).toBe(false);
  });

  it('leaves time for the photo itself, and for having foretold too little', () => {
    const foresight = lineOf([...tenCheap, ...tenCheap]);
    expect(foresight.isInVain(photoOf(50), within(1200))).toBe(true);
  });

  it('is in vain for nobody while nothing waits, or little has been seen of the machine', () => {
    expect(lineOf([]).isInVain(photoOf(50), within(1))).toBe(false);
    expect(lineOf(tenCheap, { done: 0 }).isInVain(photoOf(50), within(1))).toBe(false);
    expect(lineOf(tenCheap, { done: 1 }).isInVain(photoOf(50), within(1))).toBe(false);
    expect(lineOf(tenCheap).isInVain(photoOf(50), within(1))).toBe(true);
  });

  it('is in vain for no photo of an album that has waited for its turn', () => {
    const foresight = lineOf([...tenCheap, ...tenCheap]);
    expect(foresight.isInVain(photoOf(50), within(1, { hadTurn: true }))).toBe(false);
  });

  it.each([true, 'later'] as const)(
    'counts the pass of the network that comes with a decode: %s',
    (infer) => {
      const photos = Array.from({ length: 20 }, () => photoOf(25, { infer }));
      expect(lineOf(photos).drainMs(2)).toBeCloseTo(1000);
      const pixels = photos.map((photo) => ({ ...photo, format: 'pixels' as const }));
      if (infer === true) expect(lineOf(pixels).drainMs(2)).toBeCloseTo(500);
    },
  );

  it('has no photo wait for those that it passes', () => {
    const dear = [1, 2, 3].map(() => photoOf(2000));
    const foresight = lineOf(dear);
    expect(foresight.isInVain(photoOf(50), within(10))).toBe(false);
    expect(foresight.isInVain(photoOf(2000), within(15_000))).toBe(true);
    expect(foresight.isInVain(photoOf(2000), within(17_000))).toBe(false);
  });

  it('gives cheap photos the children alone that dear ones leave them', () => {
    expect(lineOf(tenCheap).isInVain(photoOf(50), within(1200))).toBe(false);
    // Ten of 100 ms each for the other child.
    expect(lineOf(tenCheap, { first: [photoOf(2000)] }).isInVain(photoOf(50), within(1200))).toBe(true);
  });
});
