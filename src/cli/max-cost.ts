import { text } from '../messages/text.ts';
import { UsageError } from './usage-error.ts';

/** Most money of one run, in whole currency units. @throws UsageError */
export function maxCostFrom(written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  const value = Number(written || Number.NaN);
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new UsageError(text('{option} must be a number of 0 or more', { option: '--max-cost' }));
}
