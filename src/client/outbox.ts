import type { AlbumPhoto } from './photo.ts';
import type { Transport } from './transport.ts';

export interface Outbox<E> {
  readonly size: number;
  add(entries: readonly E[]): void;
  /** Sends what there are places for, now or as soon as a few have gathered. */
  pump(): void;
  /** Takes out all that wait. */
  empty(): E[];
}

const assumedBytes = 4_000_000;

/** Photos that wait to be sent, in batches as large as places, count and bytes let them be. */
export function openOutbox<E extends { readonly photo: AlbumPhoto }>(
  { batchSize, batchBytes, gatherMs }: Pick<Transport, 'batchSize' | 'batchBytes' | 'gatherMs'>,
  freePlaces: () => number,
  send: (batch: readonly E[]) => void,
): Outbox<E> {
  const waiting: E[] = [];
  let gathering: ReturnType<typeof setTimeout> | undefined;

  function nextBatch(places: number): E[] {
    const most = Math.min(places, batchSize);
    let bytes = 0;
    const end = waiting.findIndex(({ photo }, position) => {
      bytes += photo.sizeBytes ?? assumedBytes;
      return position > 0 && (position >= most || bytes > batchBytes);
    });
    return waiting.splice(0, end === -1 ? most : end);
  }

  function sendAll() {
    for (let places = freePlaces(); places > 0 && waiting.length > 0; places = freePlaces())
      send(nextBatch(places));
  }

  return {
    get size() {
      return waiting.length;
    },
    add: (entries) => void waiting.push(...entries),
    pump() {
      if (waiting.length === 0 || gathering !== undefined) return;
      const isFull = Math.min(waiting.length, freePlaces()) >= batchSize;
      if (isFull || gatherMs === 0) return sendAll();
      gathering = setTimeout(() => {
        gathering = undefined;
        sendAll();
      }, gatherMs);
    },
    empty: () => waiting.splice(0),
  };
}
