export type RunOperation = <T>(operation: () => Promise<T>) => Promise<T>;

/** The same object with each method run by `run`. All methods must return promises; other properties stay. */
export function mapMethods<T extends object>(target: T, run: RunOperation): T {
  const mapped = Object.entries(target).map(([name, value]) => [
    name,
    typeof value === 'function' ? (...values: unknown[]) => run(() => value(...values)) : value,
  ]);
  return Object.fromEntries(mapped) as T;
}
