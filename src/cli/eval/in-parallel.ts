/**
 * Does the work for all items, several at once.
 * @param atOnce may change meanwhile
 * @param stop once aborted, nothing more begins; what has begun ends
 */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  { atOnce, stop }: { readonly atOnce: () => number; readonly stop: AbortSignal },
): Promise<void> {
  const running = new Set<Promise<void>>();
  for (const item of items) {
    while (running.size >= Math.max(1, atOnce())) await Promise.race(running);
    if (stop.aborted) break;
    const one = work(item).finally(() => running.delete(one));
    running.add(one);
  }
  await Promise.all(running);
}
