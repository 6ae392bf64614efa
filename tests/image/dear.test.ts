import { expect, test } from 'vitest';
import { openReserve } from '../../src/image/dear.ts';

const [cheap, dear] = [
  { cpuMs: 90, megabytes: 20 },
  { cpuMs: 900, megabytes: 200 },
];

test('of several children one is kept for cheap photos, for half a minute after the last of them', () => {
  let nowMs = 0;
  const reserve = openReserve(() => nowMs);
  expect(reserve.placesFor(dear, 3)).toBe(3);
  reserve.came(dear);
  expect(reserve.placesFor(dear, 3)).toBe(3);
  reserve.came(cheap);
  expect([1, 2, 3].map((children) => reserve.placesFor(dear, children))).toEqual([1, 1, 2]);
  expect(reserve.placesFor(cheap, 3)).toBe(3);
  nowMs = 29_999;
  expect(reserve.placesFor(dear, 3)).toBe(2);
  nowMs = 30_000;
  expect(reserve.placesFor(dear, 3)).toBe(3);
});
