import { dayMs } from '../../durations.ts';
import { dayOf } from '../day.ts';

const halfDayMs = dayMs / 2;

/** Whole local days, the last of them today. */
export interface DaySpan {
  readonly level: 'day';
  /** Unix milliseconds: beginning of the first day, end of today. */
  readonly from: number;
  readonly to: number;
}

/** @param days 1 for today alone; undefined for all there are */
export function lastDays(now: number, timeZone: string, days: number | undefined): DaySpan {
  const today = dayOf(now, timeZone);
  if (days === undefined) return { level: 'day', from: 0, to: today.to };
  // Counted from midday, so that days of 23 or 25 hours move no moment into another day.
  const first = dayOf(today.from + halfDayMs - (days - 1) * 2 * halfDayMs, timeZone);
  return { level: 'day', from: first.from, to: today.to };
}

/** `2026-03-29`, by the clock of the zone. */
export function dateNamer(timeZone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  return (at) => format.format(at);
}
