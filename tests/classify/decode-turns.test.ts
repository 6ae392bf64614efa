import { expect, test } from 'vitest';
import type { ClassifyContext } from '../../src/classify/classifier.ts';
import { withDecodeTurns } from '../../src/classify/decode-turns.ts';
import { DeadlineError } from '../../src/errors.ts';
import { isDear } from '../../src/image/dear.ts';
import type { Job } from '../../src/image/job.ts';
import type { Analysis } from '../../src/image/photo.ts';
import type { RideContext } from '../../src/image/waiting-line.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { jobOf } from '../support/pools.ts';

/** Photos whose decodes begin in an order that is written down, and end when they are told to. */
function heldPool() {
  const begun: string[] = [];
  const hadTurn: string[] = [];
  const ends: (() => void)[] = [];
  const pool = {
    analyse({ bytes }: Job, context: RideContext) {
      begun.push(bytes.toString());
      if (context.hadTurn) hadTurn.push(bytes.toString());
      return new Promise<Analysis>((resolve) => {
        ends.push(() => resolve({ rendition: Buffer.alloc(0), widthPx: 1, heightPx: 1 } as Analysis));
      });
    },
  };
  return { pool, begun, hadTurn, endFirst: () => ends.shift()?.() };
}

const dear = (name: string): Job => ({ ...jobOf(name), cost: { cpuMs: 2000, megabytes: 300 } });
const context = (lane: ClassifyContext['lane'], caller: string, ms = 10_000): ClassifyContext => ({
  deadline: deadlineIn(ms),
  signal: new AbortController().signal,
  lane,
  caller,
});
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('albums take turns, a few photos at a time, and a single photo waits for none of them', async () => {
  const { pool, begun, endFirst } = heldPool();
  const turns = withDecodeTurns(pool, { atOnce: 2, maxWaiting: 100, isDear });
  const begin = (name: string, lane: ClassifyContext['lane'], caller: string) =>
    void turns.analyse(jobOf(name), context(lane, caller));
  for (const name of ['a1', 'a2', 'a3', 'a4']) begin(name, 'batch', 'a');
  begin('b1', 'batch', 'b');
  await settled();
  expect(begun).toEqual(['a1', 'a2']);
  begin('single', 'single', 'c');
  await settled();
  expect(begun).toEqual(['a1', 'a2', 'single']);
  endFirst();
  await settled();
  expect(begun.at(-1)).toBe('b1');
});

test('the pool is told of photos that have had their turn', async () => {
  const { pool, begun, hadTurn } = heldPool();
  const turns = withDecodeTurns(pool, { atOnce: 1, maxWaiting: 100, isDear });
  void turns.analyse(jobOf('of an album'), context('batch', 'a'));
  void turns.analyse(jobOf('single'), context('single', 'b'));
  await settled();
  expect(begun).toHaveLength(2);
  expect(hadTurn).toEqual(['of an album']);
});

test('whoever’s time is up leaves the line', async () => {
  const { pool, begun } = heldPool();
  const turns = withDecodeTurns(pool, { atOnce: 1, maxWaiting: 100, isDear });
  void turns.analyse(jobOf('first'), context('batch', 'a'));
  await settled();
  const second = turns.analyse(jobOf('second'), context('batch', 'a', 20));
  await expect(second).rejects.toBeInstanceOf(DeadlineError);
  expect(begun).toEqual(['first']);
});

test('photos of albums that take long are waited for by their like alone', async () => {
  const { pool, begun, endFirst } = heldPool();
  const turns = withDecodeTurns(pool, { atOnce: 1, maxWaiting: 100, isDear });
  for (const name of ['dear1', 'dear2']) void turns.analyse(dear(name), context('batch', 'a'));
  for (const name of ['one', 'two']) void turns.analyse(jobOf(name), context('batch', 'b'));
  await settled();
  expect(begun).toEqual(['dear1', 'one']);
  endFirst();
  await settled();
  expect(begun).toEqual(['dear1', 'one', 'dear2']);
});

test('more than may wait are told to come back', async () => {
  const { pool } = heldPool();
  const turns = withDecodeTurns(pool, { atOnce: 1, maxWaiting: 1, isDear });
  const analyse = (name: string) => turns.analyse(jobOf(name), context('batch', 'a'));
  void analyse('first');
  await settled();
  void analyse('second');
  await settled();
  await expect(analyse('third')).rejects.toMatchObject({ code: 'overloaded' });
});
