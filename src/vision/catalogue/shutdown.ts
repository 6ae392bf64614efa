import { dayMs } from '../../durations.ts';

/**
 * Days until a model ends; 0 or less where it does not answer any more.
 * @param shutdown `2027-01-14`: from that day (UTC) on it does not answer
 */
export function daysUntil(shutdown: string, nowMs: number): number {
  return (Date.parse(shutdown) - (nowMs - (nowMs % dayMs))) / dayMs;
}
