export interface LogThrottle<T> {
  /** @param kind of what happened: each has lines of its own */
  add(kind: string, event: T): void;
  /** Writes what was only counted so far. */
  flush(): void;
}

/** Further kinds share their lines. */
const maxKinds = 50;

/**
 * For frequent events: writes the first of a kind at once, and then at most one line each `everyMs`, with the latest
 * event and the number since the last line.
 */
export function logThrottle<T>(write: (latest: T, count: number) => void, everyMs = 60_000): LogThrottle<T> {
  const kinds = new Map<string, { latest: T; count: number }>();

  function writeNow(kind: string, latest: T, count: number): void {
    write(latest, count);
    kinds.set(kind, { latest, count: 0 });
    setTimeout(() => {
      const counted = kinds.get(kind);
      kinds.delete(kind);
      if (counted && counted.count > 0) writeNow(kind, counted.latest, counted.count);
    }, everyMs).unref();
  }

  return {
    add(wanted, event) {
      const kind = kinds.has(wanted) || kinds.size < maxKinds ? wanted : '';
      const known = kinds.get(kind);
      if (known === undefined) return writeNow(kind, event, 1);
      known.latest = event;
      known.count += 1;
    },
    flush() {
      for (const known of kinds.values()) {
        if (known.count > 0) write(known.latest, known.count);
        known.count = 0;
      }
    },
  };
}
