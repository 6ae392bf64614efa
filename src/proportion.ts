/** A share of cases with its 95 % interval. */
export interface Proportion {
  readonly count: number;
  readonly of: number;
  /** 0 to 1; undefined without a case. */
  readonly value: number | undefined;
  readonly low: number;
  readonly high: number;
}

/** Of the standard normal distribution: 95 % lie within. */
const z = 1.959964;

/**
 * The score interval of Wilson (J. Am. Stat. Assoc. 22, 1927), which also holds for small samples and near 0 and 1.
 * @param count whole or fractional, at most `of`
 */
export function proportion(count: number, of: number): Proportion {
  if (of === 0) return { count, of, value: undefined, low: 0, high: 1 };
  const value = count / of;
  const middle = (value + z ** 2 / (2 * of)) / (1 + z ** 2 / of);
  const half = (z / (1 + z ** 2 / of)) * Math.sqrt((value * (1 - value)) / of + z ** 2 / (4 * of ** 2));
  // Rounding must not put the value itself outside, nor an end beyond 0 and 1.
  const low = Math.max(0, Math.min(value, middle - half));
  return { count, of, value, low, high: Math.min(1, Math.max(value, middle + half)) };
}
