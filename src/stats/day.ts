import { dayMs, hourMs } from '../durations.ts';

/** One calendar day somewhere. */
export interface Day {
  /** `2026-03-29` */
  readonly date: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Unix milliseconds, inclusive. */
  readonly from: number;
  /** Unix milliseconds, exclusive. */
  readonly to: number;
}

/**
 * The day that `at` falls on in a time zone: 23 or 25 hours long where clocks change, and beginning later than
 * midnight where that hour is skipped.
 * @throws RangeError no such time zone
 */
export function dayOf(at: number, timeZone: string): Day {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const midnight = localAsUtc(format, at) - positiveModulo(localAsUtc(format, at), dayMs);
  const from = startOf(format, midnight);
  const to = startOf(format, midnight + dayMs);
  return { date: new Date(midnight).toISOString().slice(0, 10), timeZone, from, to };
}

/** The first moment of the local day whose midnight, read as if it were UTC, is `midnight`. */
function startOf(format: Intl.DateTimeFormat, midnight: number): number {
  const offsets = [-24, 24].map((hours) => {
    const at = midnight + hours * hourMs;
    return localAsUtc(format, at) - at;
  });
  const candidates = offsets.map((offset) => midnight - offset);
  const inDay = candidates.filter((at) => localAsUtc(format, at) >= midnight);
  return Math.min(...inDay);
}

/** What the clock there shows, as if it were UTC, in whole seconds. */
function localAsUtc(format: Intl.DateTimeFormat, at: number): number {
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function positiveModulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
