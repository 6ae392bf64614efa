import { type Proportion, proportion } from '../proportion.ts';

/** A mean of proportions with its 95 % interval. */
export interface Mean {
  /** 0 to 1; undefined without a case. */
  readonly value: number | undefined;
  readonly low: number;
  readonly high: number;
}

/**
 * The unweighted mean of independent proportions, such as macro recall. Its interval combines their Wilson intervals
 * (MOVER; Zou and Donner, Stat. Med. 27, 2008). Unlike a bootstrap it does not shrink to nothing where all are 1.
 */
export function meanOf(proportions: readonly Proportion[]): Mean {
  const known = proportions.filter(({ of }) => of > 0);
  if (known.length === 0) return { value: undefined, low: 0, high: 1 };
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / known.length;
  const value = mean(known.map((one) => one.value ?? 0));
  const reach = (end: 'low' | 'high') => Math.hypot(...known.map((one) => (one.value ?? 0) - one[end]));
  return {
    value,
    low: Math.max(0, value - reach('low') / known.length),
    high: Math.min(1, value + reach('high') / known.length),
  };
}

/** The fewest cases whose interval lies above `target` at that share; undefined where no number is enough. */
export function casesNeeded(share: number, target: number): number | undefined {
  if (share <= target) return undefined;
  const isEnough = (of: number) => proportion(share * of, of).low >= target;
  let most = 1;
  while (!isEnough(most)) most *= 2;
  let least = most / 2;
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (isEnough(middle)) most = middle;
    else least = middle;
  }
  return most;
}

/**
 * Exact test of McNemar: how likely a difference at least as large is by chance between two models that are equally
 * good. 0 to 1.
 * @param one cases that only one model has right
 * @param other cases that only the other one has right
 */
export function chanceOf(one: number, other: number): number {
  const cases = one + other;
  const least = Math.min(one, other);
  let logTerm = -cases * Math.LN2;
  let sum = 0;
  for (let count = 0; count <= least; count += 1) {
    sum += Math.exp(logTerm);
    logTerm += Math.log((cases - count) / (count + 1));
  }
  return Math.min(1, 2 * sum);
}

/** The nearest-rank percentile; undefined with fewer cases than show it. */
export function percentile(numbers: readonly number[], percent: number): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b);
  const isShown = sorted.length * (1 - percent / 100) >= 1;
  return isShown ? sorted[Math.ceil((percent / 100) * sorted.length) - 1] : undefined;
}
