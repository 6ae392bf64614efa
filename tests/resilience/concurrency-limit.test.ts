import { expect, test } from 'vitest';
import { concurrencyLimit } from '../../src/resilience/concurrency-limit.ts';

const patient = new AbortController().signal;

test('places go to those who wait in the order they came', async () => {
  const limit = concurrencyLimit({ max: 1, maxWaiting: 9 });
  const order: number[] = [];
  const work = async (n: number) => {
    const release = await limit.acquire(patient);
    order.push(n);
    release();
  };
  await Promise.all([1, 2, 3, 4].map(work));
  expect(order).toEqual([1, 2, 3, 4]);
});

test('no more than the maximum are at work', async () => {
  const limit = concurrencyLimit({ max: 3, maxWaiting: 100 });
  let atWork = 0;
  let most = 0;
  const work = async () => {
    const release = await limit.acquire(patient);
    most = Math.max(most, ++atWork);
    await Promise.resolve();
    atWork--;
    release();
  };
  await Promise.all(Array.from({ length: 50 }, work));
  expect(most).toBe(3);
  expect([limit.inFlight, limit.waiting]).toEqual([0, 0]);
});

test('one too many is refused at once', async () => {
  const limit = concurrencyLimit({ max: 1, maxWaiting: 1 });
  const release = await limit.acquire(patient);
  const second = limit.acquire(patient);
  await expect(limit.acquire(patient)).rejects.toMatchObject({ code: 'overloaded', status: 503 });
  release();
  (await second)();
});

test('who gives up leaves the queue at once and lets the next one in', async () => {
  const limit = concurrencyLimit({ max: 1, maxWaiting: 2 });
  const release = await limit.acquire(patient);
  const impatient = new AbortController();
  const second = limit.acquire(impatient.signal);
  const third = limit.acquire(patient);
  impatient.abort(new Error('gone'));
  expect(limit.waiting).toBe(1);
  await expect(second).rejects.toThrow('gone');
  release();
  (await third)();
  expect(limit.inFlight).toBe(0);
});

test('who has given up before asking gets no place', async () => {
  const limit = concurrencyLimit({ max: 1, maxWaiting: 1 });
  await expect(limit.acquire(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  expect(limit.inFlight).toBe(0);
});

test('giving a place back twice frees one place', async () => {
  const limit = concurrencyLimit({ max: 2, maxWaiting: 1 });
  const release = await limit.acquire(patient);
  await limit.acquire(patient);
  release();
  release();
  expect(limit.inFlight).toBe(1);
});

test('an abort after the place was given changes nothing', async () => {
  const limit = concurrencyLimit({ max: 1, maxWaiting: 1 });
  const release = await limit.acquire(patient);
  const later = new AbortController();
  const second = limit.acquire(later.signal);
  release();
  later.abort();
  expect(limit.inFlight).toBe(1);
  (await second)();
  expect(limit.inFlight).toBe(0);
});
