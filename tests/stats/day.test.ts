import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dayOf } from '../../src/stats/day.ts';
import { propertyRuns } from '../support/property-runs.ts';

const utc = (text: string) => Date.parse(text);
const hours = (day: { from: number; to: number }) => (day.to - day.from) / 3_600_000;

test('a day runs from midnight to midnight of its zone', () => {
  expect(dayOf(utc('2026-06-30T16:00:00Z'), 'Asia/Shanghai')).toEqual({
    date: '2026-07-01',
    timeZone: 'Asia/Shanghai',
    from: utc('2026-06-30T16:00:00Z'),
    to: utc('2026-07-01T16:00:00Z'),
  });
  expect(dayOf(utc('2026-06-30T15:59:59.999Z'), 'Asia/Shanghai').date).toBe('2026-06-30');
});

test('a day on which clocks change has 23 or 25 hours', () => {
  const spring = dayOf(utc('2026-03-29T12:00:00Z'), 'Europe/Berlin');
  expect([spring.date, hours(spring)]).toEqual(['2026-03-29', 23]);
  const autumn = dayOf(utc('2026-10-25T12:00:00Z'), 'Europe/Berlin');
  expect([autumn.date, hours(autumn)]).toEqual(['2026-10-25', 25]);
});

test('a day whose midnight is skipped begins when clocks go on', () => {
  const day = dayOf(utc('2018-11-04T12:00:00Z'), 'America/Sao_Paulo');
  expect([day.date, new Date(day.from).toISOString(), hours(day)]).toEqual([
    '2018-11-04',
    '2018-11-04T03:00:00.000Z',
    23,
  ]);
});

test('an unknown zone is refused', () => {
  expect(() => dayOf(0, 'Europe/Atlantis')).toThrow(RangeError);
});

test('every moment lies in its day, and days follow one another without a gap', () => {
  const zones = [
    'UTC',
    'Asia/Shanghai',
    'Europe/Berlin',
    'America/New_York',
    'Pacific/Kiritimati',
    'Asia/Kolkata',
  ];
  const moment = fc.integer({ min: utc('2000-01-01T00:00:00Z'), max: utc('2035-01-01T00:00:00Z') });
  fc.assert(
    fc.property(moment, fc.constantFrom(...zones), (at, zone) => {
      const day = dayOf(at, zone);
      expect(day.from <= at && at < day.to).toBe(true);
      expect(dayOf(day.to, zone).from).toBe(day.to);
      expect(dayOf(day.from, zone)).toEqual(day);
    }),
    propertyRuns(100),
  );
});
