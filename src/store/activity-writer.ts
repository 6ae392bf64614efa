import { randomBytes } from 'node:crypto';
import { type Activity, openActivityBuffer } from './activity.ts';
import type { Hit } from './entities.ts';
import { isHit, type RecordStore } from './records.ts';
import type { Store } from './store.ts';

export interface ActivityWriterOptions {
  /** Time between writes, in milliseconds. Default 1000. */
  readonly everyMs?: number;
  /** One in this number of photos and requests that only hit is kept as a record; 0: none. Sums have all. Default 1. */
  readonly hitRecords?: number;
  /** Called with the number of records, sums and hits that could not be written. */
  readonly onLost?: (lost: number, error: unknown) => void;
  /** In [0, 1). */
  readonly random?: () => number;
}

export interface ActivityWriter extends RecordStore {
  /** Adds to a result's hit count. */
  countHit(hit: Omit<Hit, 'count'>): void;
  /** Writes now; resolves when that has succeeded or failed. */
  flush(): Promise<void>;
}

const newBatch = (): string => randomBytes(16).toString('hex');

/** Rows of one statement: an embedded database blocks the event loop for as long as one takes. */
const rowsAtOnce = 500;
/** Most records that may wait: while the store is slow, later ones are in the sums alone. */
const mostRows = 10_000;

/** Adds up what happens and writes it about once a second, hit counts and statistics in parallel. No answer waits for it. */
export function openActivityWriter(
  store: Pick<Store, 'countHits' | 'saveActivity'>,
  options: ActivityWriterOptions = {},
): ActivityWriter {
  const { everyMs = 1_000, hitRecords = 1, onLost, random = Math.random } = options;
  const buffer = openActivityBuffer();
  let hits = new Map<string, { -readonly [Key in keyof Hit]: Hit[Key] }>();
  let rows = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<unknown> = Promise.resolve();

  function later(): void {
    timer ??= setTimeout(() => void flush(), everyMs);
  }

  function isKept(isOnlyHit: boolean): boolean {
    const kept = rows < mostRows && (!isOnlyHit || (hitRecords > 0 && random() * hitRecords < 1));
    if (kept) rows += 1;
    return kept;
  }

  async function write(): Promise<void> {
    const counted = [...hits.values()];
    const { count } = buffer;
    hits = new Map();
    rows = 0;
    await Promise.all([
      saveHits(store, counted, onLost),
      count > 0 && saveActivity(store, buffer.take(), (error, left) => onLost?.(left ?? count, error)),
    ]);
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const written = writing.then(write);
    writing = written;
    return written;
  }

  return {
    recordPhoto(record) {
      // A look-up is in its request's record.
      buffer.photo(record, record.kind === 'upload' && isKept(isHit(record.outcome)));
      later();
    },
    recordRequest(record) {
      const { lookups, lookupHits, uploads } = record;
      buffer.request(record, isKept(uploads === 0 && lookups === lookupHits));
      later();
    },
    recordTallies(tallies) {
      tallies.forEach(buffer.tally);
      later();
    },
    countHit({ sha256, version, at }) {
      const key = `${sha256}/${version}`;
      const known = hits.get(key);
      if (known) {
        known.count += 1;
        known.at = Math.max(known.at, at);
      } else hits.set(key, { sha256, version, count: 1, at });
      later();
    },
    flush,
  };
}

type OnLost = ActivityWriterOptions['onLost'];

async function saveHits(
  store: Pick<Store, 'countHits'>,
  hits: readonly Hit[],
  onLost: OnLost,
): Promise<void> {
  for (let from = 0; from < hits.length; from += rowsAtOnce) {
    const some = hits.slice(from, from + rowsAtOnce);
    await store.countHits(some, newBatch()).catch((error: unknown) => onLost?.(some.length, error));
  }
}

/** @param onFailure called with the records that are left, once the first statement has succeeded */
async function saveActivity(
  store: Pick<Store, 'saveActivity'>,
  { photos, requests, sums, users }: Activity,
  onFailure: (error: unknown, left?: number) => void,
): Promise<void> {
  const left = (from: number) => Math.max(0, photos.length - from) + Math.max(0, requests.length - from);
  for (let from = 0; from === 0 || left(from) > 0; from += rowsAtOnce) {
    const until = from + rowsAtOnce;
    const rows = { photos: photos.slice(from, until), requests: requests.slice(from, until) };
    const some = from === 0 ? { ...rows, sums, users } : { ...rows, sums: [], users: [] };
    try {
      await store.saveActivity(some, newBatch());
    } catch (error) {
      return onFailure(error, from === 0 ? undefined : left(from));
    }
  }
}
