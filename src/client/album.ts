import type { PhotoAnswer } from './answer.ts';
import { ClientError, clientErrorOf } from './client-error.ts';
import { openOutbox } from './outbox.ts';
import { type AlbumPhoto, hashOf } from './photo.ts';
import { nextTryMs, type RetryOptions, type Tries } from './retries.ts';
import { type AlbumSummary, openTally } from './tally.ts';
import type { Transport } from './transport.ts';

export interface PhotoOutcome<P extends AlbumPhoto> {
  /** Position in the album. */
  readonly index: number;
  readonly photo: P;
  /** Absent where the photo could not be read. */
  readonly hash?: string;
  readonly result: PhotoAnswer | ClientError;
  /** The same bytes as a photo of the album that was answered already. */
  readonly isDuplicate: boolean;
}

export interface AlbumOptions<P extends AlbumPhoto> extends RetryOptions {
  /** Photos at once; follows what the service says it can do, where absent. */
  readonly concurrency?: number | undefined;
  readonly onPhoto?: (outcome: PhotoOutcome<P>) => void;
  /** After every photo. */
  readonly onProgress?: (progress: AlbumSummary) => void;
  /** Aborted: begins nothing more and lets what is in flight finish. */
  readonly stop?: AbortSignal | undefined;
  /** Aborted: gives up what is in flight too. */
  readonly signal?: AbortSignal | undefined;
}

interface Entry<P> extends Tries {
  readonly index: number;
  readonly photo: P;
  readonly hash: string;
  /** Later photos of the same bytes, who wait for this one's end. */
  readonly twins: { readonly index: number; readonly photo: P }[];
}

const hashesAtOnce = 4;

/**
 * Classifies an album: hashes, looks up, sends misses only and each set of bytes once, tries again what is worth it.
 * Resolves with what was finished when it was stopped or aborted. Never rejects for a photo's sake.
 */
export function runAlbum<P extends AlbumPhoto>(
  photos: readonly P[],
  transport: Transport,
  options: AlbumOptions<P> = {},
): Promise<AlbumSummary> {
  const { onPhoto, onProgress, stop, signal } = options;
  const tally = openTally(photos.length);
  const known = new Map<string, Entry<P> | PhotoAnswer>();
  const toLookUp: Entry<P>[] = [];
  const pauses = new Set<ReturnType<typeof setTimeout>>();
  let cursor = 0;
  let hashing = 0;
  let isLookingUp = false;
  let failedLookUps: Tries = { failures: 0, startedMs: Date.now() };
  let inFlight = 0;
  let fatal: ClientError | undefined;
  let resolve: (summary: AlbumSummary) => void;

  const isStopped = () => stop?.aborted === true || signal?.aborted === true;
  const atOnce = () => options.concurrency ?? Math.max(1, transport.atOnce());
  const outbox = openOutbox<Entry<P>>(
    transport,
    () => atOnce() - inFlight,
    (batch) => void send(batch),
  );

  function tell(
    index: number,
    photo: P,
    result: PhotoAnswer | ClientError,
    hash?: string,
    isDuplicate = false,
  ) {
    tally.add(result, isDuplicate);
    onPhoto?.({ index, photo, ...(hash !== undefined && { hash }), result, isDuplicate });
    onProgress?.(tally.summary());
  }

  function tellTwin(
    { index, photo }: { index: number; photo: P },
    result: PhotoAnswer | ClientError,
    hash: string,
  ) {
    if (result instanceof ClientError) return tell(index, photo, result, hash);
    tell(index, photo, { ...result, inferenceMethod: 'cache' }, hash, true);
  }

  function settle(entry: Entry<P>, result: PhotoAnswer | ClientError) {
    if (result instanceof ClientError) known.delete(entry.hash);
    else known.set(entry.hash, result);
    tell(entry.index, entry.photo, result, entry.hash);
    for (const twin of entry.twins) tellTwin(twin, result, entry.hash);
  }

  function later(waitMs: number, go: () => void) {
    const timer = setTimeout(() => {
      pauses.delete(timer);
      go();
      pump();
    }, waitMs);
    pauses.add(timer);
  }

  function fail(entry: Entry<P>, error: ClientError) {
    if (error.code === 'aborted') return;
    entry.failures += 1;
    const waitMs = nextTryMs(error, entry, options);
    if (waitMs === undefined) return settle(entry, error);
    if (!isStopped()) later(waitMs, () => outbox.add([entry]));
  }

  async function hashNext() {
    const index = cursor++;
    const photo = photos[index];
    if (!photo) return;
    hashing += 1;
    try {
      const hash = await hashOf(photo);
      const same = known.get(hash);
      if (same === undefined) {
        const entry: Entry<P> = { index, photo, hash, twins: [], failures: 0, startedMs: Date.now() };
        known.set(hash, entry);
        toLookUp.push(entry);
      } else if ('twins' in same) same.twins.push({ index, photo });
      else tellTwin({ index, photo }, same, hash);
    } catch (error) {
      tell(index, photo, clientErrorOf(error));
    }
    hashing -= 1;
    pump();
  }

  async function lookUp(group: readonly Entry<P>[]) {
    isLookingUp = true;
    try {
      const found = await transport.lookUp(
        group.map(({ hash }) => hash),
        signal,
      );
      failedLookUps = { failures: 0, startedMs: Date.now() };
      for (const [position, entry] of group.entries()) {
        const answer = found[position];
        if (answer) settle(entry, answer);
        else outbox.add([entry]);
      }
    } catch (error) {
      afterFailedLookUp(clientErrorOf(error), group);
    }
    isLookingUp = false;
    pump();
  }

  function afterFailedLookUp(error: ClientError, group: readonly Entry<P>[]) {
    if (error.code === 'aborted') return;
    // Without its store the service classifies all the same.
    if (error.code === 'store_unavailable') return outbox.add(group);
    failedLookUps.failures += 1;
    const waitMs = nextTryMs(error, failedLookUps, options);
    if (waitMs !== undefined) return later(waitMs, () => toLookUp.unshift(...group));
    // The service does not answer or does not exist: the other photos would fail too.
    fatal = error;
    for (const entry of group) settle(entry, error);
  }

  async function send(batch: readonly Entry<P>[]) {
    const open = new Set(batch);
    inFlight += batch.length;
    const close = (entry: Entry<P>) => {
      if (open.delete(entry)) inFlight -= 1;
    };
    let broken = new ClientError('bad_answer', 'The answer says nothing about this photo.', {
      isRetryable: true,
    });
    try {
      await transport.classify(
        batch,
        (position, outcome) => {
          const entry = batch[position];
          if (!entry || !open.has(entry)) return;
          close(entry);
          if (outcome instanceof ClientError) fail(entry, outcome);
          else settle(entry, outcome);
          pump();
        },
        signal,
      );
    } catch (error) {
      broken = clientErrorOf(error);
    }
    for (const entry of [...open]) {
      close(entry);
      fail(entry, broken);
    }
    pump();
  }

  function drop() {
    cursor = photos.length;
    toLookUp.length = 0;
    outbox.empty();
    for (const timer of pauses) clearTimeout(timer);
    pauses.clear();
  }

  function failTheRest(error: ClientError) {
    for (const entry of [...toLookUp.splice(0), ...outbox.empty()]) settle(entry, error);
    for (; cursor < photos.length; cursor++) {
      const photo = photos[cursor];
      if (photo) tell(cursor, photo, error);
    }
  }

  function pump() {
    if (isStopped()) drop();
    if (fatal) failTheRest(fatal);
    const ahead = 2 * atOnce() + transport.lookUpSize;
    while (hashing < hashesAtOnce && cursor < photos.length && outbox.size + toLookUp.length < ahead)
      void hashNext();
    if (!isLookingUp && toLookUp.length > 0) void lookUp(toLookUp.splice(0, transport.lookUpSize));
    outbox.pump();
    const isIdle = hashing === 0 && !isLookingUp && inFlight === 0 && pauses.size === 0;
    if (!isIdle || cursor < photos.length || toLookUp.length + outbox.size > 0) return;
    stop?.removeEventListener('abort', onStop);
    signal?.removeEventListener('abort', onStop);
    resolve(tally.summary());
  }
  const onStop = () => pump();

  return new Promise((done) => {
    resolve = done;
    stop?.addEventListener('abort', onStop);
    signal?.addEventListener('abort', onStop);
    pump();
  });
}
