export type RunOperation = <T>(operation: () => Promise<T>) => Promise<T>;

/** The same object with each method run by `run`. All of its properties must be methods that return promises. */
export function mapMethods<T extends object>(target: T, run: RunOperation): T {
  const mapped = Object.entries(target).map(([name, method]) => [
    name,
    (...values: unknown[]) => run(() => method(...values)),
  ]);
  return Object.fromEntries(mapped) as T;
}
