import { expect, test } from 'vitest';
import { openBatcher } from '../../src/store/batcher.ts';
import { outage } from '../../src/store/outage.ts';

/** Doubles numbers, one statement at a time, each of which ends when the test says so. */
function doubling(options: { maxItems?: number; maxWaiting?: number } = {}) {
  const statements: { items: readonly number[]; end: () => void; fail: (error: unknown) => void }[] = [];
  const group = openBatcher<number, number>({
    maxItems: options.maxItems ?? 500,
    maxWaiting: options.maxWaiting ?? 1000,
    run: (items) =>
      new Promise((resolve, reject) => {
        statements.push({ items, end: () => resolve(items.map((item) => item * 2)), fail: reject });
      }),
  });
  return { group, statements };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what comes in one turn of the event loop is one statement', async () => {
  const { group, statements } = doubling();
  const answers = [group.submit([1]), group.submit([2, 3])];
  expect(statements).toHaveLength(0);
  await turn();
  statements[0]?.end();
  expect(await Promise.all(answers)).toEqual([[2], [4, 6]]);
  expect(statements.map(({ items }) => items)).toEqual([[1, 2, 3]]);
});

test('what comes while a statement is in flight goes into the next one', async () => {
  const { group, statements } = doubling();
  const first = group.submit([1]);
  await turn();
  const others = [group.submit([2]), group.submit([3])];
  await turn();
  expect(statements).toHaveLength(1);
  statements[0]?.end();
  expect(await first).toEqual([2]);
  await turn();
  statements[1]?.end();
  expect(await Promise.all(others)).toEqual([[4], [6]]);
  expect(statements).toHaveLength(2);
});

test('a statement holds no more than a group, and never a part of a submission', async () => {
  const { group, statements } = doubling({ maxItems: 3 });
  const answers = [[1, 2], [3, 4], [5], [6, 7, 8, 9]].map((items) => group.submit(items));
  for (let index = 0; index < 3; index += 1) {
    await turn();
    statements[index]?.end();
  }
  await Promise.all(answers);
  expect(statements.map(({ items }) => items)).toEqual([
    [1, 2],
    [3, 4, 5],
    [6, 7, 8, 9],
  ]);
});

test('beyond the bound a submission is refused, and those before it are not', async () => {
  const { group, statements } = doubling({ maxWaiting: 2 });
  const waiting = group.submit([1, 2]);
  await expect(group.submit([3])).rejects.toMatchObject({ code: 'store_unavailable', status: 503 });
  await turn();
  const next = group.submit([4]);
  statements[0]?.end();
  expect(await waiting).toEqual([2, 4]);
  await turn();
  statements[1]?.end();
  expect(await next).toEqual([8]);
});

test('an outage fails a group with its one statement', async () => {
  const { group, statements } = doubling();
  const answers = Promise.allSettled([1, 2, 3, 4].map((item) => group.submit([item])));
  await turn();
  statements[0]?.fail(outage('gone'));
  expect((await answers).map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
  expect(statements).toHaveLength(1);
});

test('an item at fault fails alone', async () => {
  const seen: number[][] = [];
  const group = openBatcher<number, number>({
    maxItems: 500,
    maxWaiting: 1000,
    run: async (items) => {
      seen.push([...items]);
      if (items.includes(13)) throw new Error('unlucky');
      return items.map((item) => item * 2);
    },
  });
  const answers = await Promise.allSettled(Array.from({ length: 64 }, (_, item) => group.submit([item])));
  expect(answers.flatMap(({ status }, item) => (status === 'rejected' ? [item] : []))).toEqual([13]);
  expect(answers[63]).toEqual({ status: 'fulfilled', value: [126] });
  expect(seen.length).toBeLessThanOrEqual(14);
});

test('a fault of every item costs a bounded number of statements', async () => {
  let statements = 0;
  const group = openBatcher<number, number>({
    maxItems: 500,
    maxWaiting: 1000,
    run: async () => {
      statements += 1;
      throw new Error('no such column');
    },
  });
  const answers = await Promise.allSettled(Array.from({ length: 500 }, (_, item) => group.submit([item])));
  expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
  expect(statements).toBeLessThan(200);
});

test('flush waits for what was submitted before, however much comes after', async () => {
  const { group, statements } = doubling();
  const first = group.submit([1]);
  const flushed = group.flush();
  await turn();
  const later = group.submit([3]);
  statements[0]?.end();
  await Promise.all([first, flushed]);
  await turn();
  expect(statements.map(({ items }) => items)).toEqual([[1], [3]]);
  statements[1]?.end();
  await later;
});
