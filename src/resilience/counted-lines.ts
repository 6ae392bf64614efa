export interface CountedLines<T> {
  /** @param kind of what happened: each has lines of its own */
  add(kind: string, event: T): void;
  /** Writes what was only counted so far. */
  flush(): void;
}

/** More kinds than that share their lines. */
const maxKinds = 50;

/**
 * For what may happen often: writes the first event of a kind at once, and after that at most one line each
 * `everyMs`, with the latest event and how many there were since the last line.
 */
export function countedLines<T>(
  write: (latest: T, count: number) => void,
  everyMs = 60_000,
): CountedLines<T> {
  const kinds = new Map<string, { latest: T; count: number }>();

  function later(kind: string): void {
    setTimeout(() => {
      const { latest, count } = kinds.get(kind) ?? {};
      kinds.delete(kind);
      if (latest !== undefined && count) tell(kind, latest, count);
    }, everyMs).unref();
  }

  function tell(kind: string, latest: T, count: number): void {
    write(latest, count);
    kinds.set(kind, { latest, count: 0 });
    later(kind);
  }

  return {
    add(wanted, event) {
      const kind = kinds.has(wanted) || kinds.size < maxKinds ? wanted : '';
      const known = kinds.get(kind);
      if (known === undefined) return tell(kind, event, 1);
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
