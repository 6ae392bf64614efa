import { expect, test } from 'vitest';
import { fingerprintOf, type Key, keyRing } from '../../src/vision/calls/key-ring.ts';

const key = (fingerprint: string): Key => ({
  fingerprint,
  model: { name: 'm', ask: () => Promise.reject(new Error('not asked here')) },
});
const [a, b, c] = [key('a'), key('b'), key('c')];

test('keys take turns, and a quarantined one is left out until its time is over', () => {
  let nowMs = 0;
  const ring = keyRing([a, b, c], { quarantineMs: 100, nowMs: () => nowMs });
  const next = (count: number) => Array.from({ length: count }, () => ring.next()?.fingerprint).join('');
  expect(next(4)).toBe('abca');
  ring.quarantine(b);
  expect(next(4)).toBe('caca');
  expect(ring.healthy).toBe(2);
  nowMs = 100;
  expect(next(3)).toBe('bca');
});

test('without a healthy key there is none, and it is known for how long', () => {
  let nowMs = 0;
  const ring = keyRing([a, b], { quarantineMs: 100, nowMs: () => nowMs });
  ring.quarantine(a);
  nowMs = 30;
  ring.quarantine(b);
  expect(ring.next()).toBeUndefined();
  expect(ring.waitMs()).toBe(70);
});

test('a fingerprint tells keys apart and shows none of them', () => {
  expect(fingerprintOf('sk-one')).toMatch(/^[0-9a-f]{8}$/);
  expect(fingerprintOf('sk-one')).not.toBe(fingerprintOf('sk-two'));
});
