import { beforeEach, expect, test } from 'vitest';
import { openRefusalMemory, type RefusalStore } from '../../src/vision/calls/refusals.ts';
import { memoryRefusals } from '../support/vision.ts';

let now: number;
let failures: unknown[];
let store: ReturnType<typeof memoryRefusals>;

beforeEach(() => {
  now = 1_780_000_000_000;
  failures = [];
  store = memoryRefusals();
});

const memory = (over: RefusalStore = store) =>
  openRefusalMemory({
    store: over,
    version: 'v1',
    ttlMs: 3_600_000,
    onFailure: (error) => failures.push(error),
    now: () => now,
  });

test('a refusal is remembered for its time, by other processes too', async () => {
  const [one, other] = [memory(), memory()];
  await one.add('a');
  expect([await one.has('a'), await other.has('a'), await other.has('b')]).toEqual([true, true, false]);
  now += 3_600_000;
  expect([await one.has('a'), await other.has('a')]).toEqual([false, false]);
});

test('a refusal deleted from the store is forgotten within 30 seconds', async () => {
  const one = memory();
  await one.add('a');
  store.forget('a');
  now += 29_999;
  expect(await one.has('a')).toBe(true);
  now += 1;
  expect(await one.has('a')).toBe(false);
});

test('a store that is down forgets nothing', async () => {
  let isDown = false;
  const failing: RefusalStore = {
    saveRefusal: (refusal) => store.saveRefusal(refusal),
    findRefusal: (photo) => (isDown ? Promise.reject(new Error('down')) : store.findRefusal(photo)),
  };
  const one = memory(failing);
  await one.add('a');
  isDown = true;
  now += 60_000;
  expect([await one.has('a'), await one.has('b')]).toEqual([true, false]);
  expect(failures).toHaveLength(2);
});
