import { randomBytes } from 'node:crypto';
import { type ActivityBuffer, openActivityBuffer } from './activity.ts';
import type { Hit } from './entities.ts';
import { isHit, type RecordStore } from './records.ts';
import type { Store } from './store.ts';

export interface ActivityWriterOptions {
  /** Time between writes, in milliseconds. Default 1000. */
  readonly everyMs?: number;
  /** Of photos and requests that only hit, one in so many is kept as a record; 0 for none. Sums have all. Default 1. */
  readonly hitRecords?: number;
  /** What was not written: how many records, sums and hits. */
  readonly onLost?: (lost: number, error: unknown) => void;
  /** In [0, 1). */
  readonly random?: () => number;
}

export interface ActivityWriter extends RecordStore {
  /** Adds to a result's hit count. */
  countHit(hit: Omit<Hit, 'count'>): void;
  /** Writes now what there is; resolves when that is done, well or not. */
  flush(): Promise<void>;
}

const newBatch = (): string => randomBytes(16).toString('hex');

/** Rows of one statement: an embedded database holds the event loop for as long as one takes. */
const rowsAtOnce = 500;
/** Records that may wait: while the store is slow, those after them are in the sums alone. */
const mostRows = 10_000;

/** Sums up what happens and writes it about once a second, hit counts and statistics in parallel, behind all answers. */
export function openActivityWriter(
  store: Pick<Store, 'countHits' | 'saveActivity'>,
  options: ActivityWriterOptions = {},
): ActivityWriter {
  const { everyMs = 1_000, hitRecords = 1, onLost, random = Math.random } = options;
  const buffer: ActivityBuffer = openActivityBuffer();
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

  async function saveHits(taken: readonly Hit[]): Promise<void> {
    for (let from = 0; from < taken.length; from += rowsAtOnce) {
      const some = taken.slice(from, from + rowsAtOnce);
      await store.countHits(some, newBatch()).catch((error: unknown) => onLost?.(some.length, error));
    }
  }

  async function saveActivity(): Promise<void> {
    const { count } = buffer;
    if (count === 0) return;
    let { photos, requests, sums, users } = buffer.take();
    rows = 0;
    let lost = count;
    do {
      const some = {
        photos: photos.slice(0, rowsAtOnce),
        requests: requests.slice(0, rowsAtOnce),
        sums,
        users,
      };
      try {
        await store.saveActivity(some, newBatch());
      } catch (error) {
        onLost?.(lost, error);
        return;
      }
      [photos, requests, sums, users] = [photos.slice(rowsAtOnce), requests.slice(rowsAtOnce), [], []];
      lost = photos.length + requests.length;
    } while (lost > 0);
  }

  async function write(): Promise<void> {
    const taken = [...hits.values()];
    hits = new Map();
    await Promise.all([saveHits(taken), saveActivity()]);
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
