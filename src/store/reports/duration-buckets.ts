/**
 * Upper bounds in whole milliseconds, inclusive: every one up to 10, then each 1.2 times the one before, up to a
 * minute. What took longer is in one more bucket at the end. They are columns of a table: never changed in place.
 */
export const bucketBounds: readonly number[] = boundsOf();

/** Buckets with the last one, which has no upper bound. */
export const bucketCount = bucketBounds.length + 1;

function boundsOf(): readonly number[] {
  const bounds = Array.from({ length: 11 }, (_, index) => index);
  for (let bound = 12; bounds.length < 59; bound = Math.floor((bound + 1) * 1.2)) bounds.push(bound);
  return bounds;
}

export function bucketOf(durationMs: number): number {
  let low = 0;
  let high = bucketBounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bucketBounds[middle] ?? 0) < durationMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The whole milliseconds that a bucket holds, both inclusive. */
export function rangeOf(bucket: number): { readonly fromMs: number; readonly toMs: number } {
  const fromMs = (bucketBounds[bucket - 1] ?? -1) + 1;
  return { fromMs, toMs: bucketBounds[bucket] ?? Number.POSITIVE_INFINITY };
}
