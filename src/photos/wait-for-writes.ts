const limitMs = 250;

/** Waits for writes that never reject, 250 ms at most. A write that takes longer continues. */
export async function waitForWrites(writes: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const { promise: limit, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  await Promise.race([Promise.all(writes), limit]);
  clearTimeout(timer);
}
