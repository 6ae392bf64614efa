import type { AlbumOptions } from './album-options.ts';
import type { PhotoAnswer } from './answer.ts';
import { ClientError, clientErrorOf } from './client-error.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import { type AlbumPhoto, hashOf } from './photo.ts';
import { nextTryMs, type Tries } from './retries.ts';
import { type AlbumSummary, openTally, type Tally } from './tally.ts';
import type { Transport } from './transport.ts';
import { limitWait } from './wait-limit.ts';

interface Position<P> {
  readonly index: number;
  readonly photo: P;
}

interface Entry<P> extends Position<P>, Tries {
  readonly hash: string;
  /** Later photos of the same bytes, which wait for this one's result. */
  readonly duplicates: Position<P>[];
}

type Result = PhotoAnswer | ClientError;

const hashesAtOnce = 4;

/** One run over an album. */
export class AlbumRun<P extends AlbumPhoto> {
  readonly done: Promise<AlbumSummary>;
  readonly #photos: readonly P[];
  readonly #transport: Transport;
  readonly #options: AlbumOptions<P>;
  readonly #tally: Tally;
  readonly #outbox: Outbox<Entry<P>>;
  /** By hash: a photo without a result, or the answer. */
  readonly #known = new Map<string, Entry<P> | PhotoAnswer>();
  readonly #toLookUp: Entry<P>[] = [];
  readonly #pauses = new Set<ReturnType<typeof setTimeout>>();
  #cursor = 0;
  #hashing = 0;
  #isLookingUp = false;
  #failedLookUps: Tries = { failures: 0, startedMs: undefined };
  #inFlight = 0;
  /** Ends the whole album. */
  #fatal: ClientError | undefined;
  readonly #resolve: (summary: AlbumSummary) => void;
  readonly #onStop = () => this.#pump();

  constructor(photos: readonly P[], transport: Transport, options: AlbumOptions<P>) {
    this.#photos = photos;
    this.#transport = transport;
    this.#options = options;
    this.#tally = openTally(photos.length);
    this.#outbox = openOutbox<Entry<P>>(
      transport,
      () => this.#atOnce() - this.#inFlight,
      (batch) => void this.#send(batch),
    );
    const { promise, resolve } = withResolvers<AlbumSummary>();
    this.done = promise;
    this.#resolve = resolve;
    options.stop?.addEventListener('abort', this.#onStop);
    options.signal?.addEventListener('abort', this.#onStop);
    this.#pump();
  }

  #atOnce(): number {
    return this.#options.concurrency ?? Math.max(1, this.#transport.atOnce());
  }

  #isStopped(): boolean {
    const { stop, signal } = this.#options;
    return stop?.aborted === true || signal?.aborted === true;
  }

  /** Starts whatever can start, and resolves when nothing is left. */
  #pump(): void {
    if (this.#isStopped()) this.#drop();
    if (this.#fatal) this.#failTheRest(this.#fatal);
    const ahead = 2 * this.#atOnce() + this.#transport.lookUpSize;
    const waiting = () => this.#outbox.size + this.#toLookUp.length;
    while (this.#hashing < hashesAtOnce && this.#cursor < this.#photos.length && waiting() < ahead)
      void this.#hashNext();
    if (!this.#isLookingUp && this.#toLookUp.length > 0)
      void this.#lookUp(this.#toLookUp.splice(0, this.#transport.lookUpSize));
    this.#outbox.pump();
    const isIdle =
      this.#hashing === 0 && !this.#isLookingUp && this.#inFlight === 0 && this.#pauses.size === 0;
    if (!isIdle || this.#cursor < this.#photos.length || waiting() > 0) return;
    this.#options.stop?.removeEventListener('abort', this.#onStop);
    this.#options.signal?.removeEventListener('abort', this.#onStop);
    this.#resolve(this.#tally.summary());
  }

  async #hashNext(): Promise<void> {
    const index = this.#cursor++;
    const photo = this.#photos[index];
    if (!photo) return;
    this.#hashing += 1;
    try {
      const hash = await hashOf(photo, this.#options.hash);
      const same = this.#known.get(hash);
      if (same === undefined) {
        const entry: Entry<P> = { index, photo, hash, duplicates: [], failures: 0, startedMs: undefined };
        this.#known.set(hash, entry);
        this.#toLookUp.push(entry);
      } else if ('duplicates' in same) same.duplicates.push({ index, photo });
      else this.#reportDuplicate({ index, photo }, same, hash);
    } catch (error) {
      this.#report({ index, photo }, clientErrorOf(error));
    }
    this.#hashing -= 1;
    this.#pump();
  }

  async #lookUp(group: readonly Entry<P>[]): Promise<void> {
    this.#isLookingUp = true;
    try {
      const hashes = group.map(({ hash }) => hash);
      const found = await this.#transport.lookUp(hashes, this.#options.signal);
      this.#failedLookUps = { failures: 0, startedMs: undefined };
      for (const [position, entry] of group.entries()) {
        const answer = found[position];
        if (answer) this.#settle(entry, answer);
        else this.#outbox.add([entry]);
      }
    } catch (error) {
      this.#afterFailedLookUp(clientErrorOf(error), group);
    }
    this.#isLookingUp = false;
    this.#pump();
  }

  #afterFailedLookUp(error: ClientError, group: readonly Entry<P>[]): void {
    if (error.code === 'aborted') return;
    // The service classifies without its store too.
    if (error.code === 'store_unavailable') {
      this.#outbox.add(group);
      return;
    }
    this.#failedLookUps.startedMs ??= Date.now();
    this.#failedLookUps.failures += 1;
    const waitMs = nextTryMs(error, this.#failedLookUps, this.#options);
    if (waitMs !== undefined) {
      this.#later(waitMs, () => this.#toLookUp.unshift(...group));
      return;
    }
    // No service answers there, so the rest of the album would fail too.
    this.#fatal = error;
    for (const entry of group) this.#settle(entry, error);
  }

  async #send(batch: readonly Entry<P>[]): Promise<void> {
    const open = new Set(batch);
    this.#inFlight += batch.length;
    const close = (entry: Entry<P>) => {
      if (open.delete(entry)) this.#inFlight -= 1;
    };
    const limit = limitWait(batch, this.#options, (entry, error) => {
      if (!open.has(entry)) return false;
      close(entry);
      this.#settle(entry, error);
      this.#pump();
      return open.size === 0;
    });
    const onOutcome = (position: number, outcome: Result) => {
      const entry = batch[position];
      if (!entry || !open.has(entry)) return;
      close(entry);
      if (outcome instanceof ClientError) this.#fail(entry, outcome);
      else this.#settle(entry, outcome);
      this.#pump();
    };
    let missing = new ClientError('bad_answer', 'The answer says nothing about this photo.', {
      isRetryable: true,
    });
    try {
      await this.#transport.classify(batch, onOutcome, limit.signal);
    } catch (error) {
      missing = clientErrorOf(error);
    }
    limit.stop();
    for (const entry of [...open]) {
      close(entry);
      this.#fail(entry, missing);
    }
    this.#pump();
  }

  #fail(entry: Entry<P>, error: ClientError): void {
    if (error.code === 'aborted') return;
    entry.failures += 1;
    const waitMs = nextTryMs(error, entry, this.#options);
    if (waitMs === undefined) this.#settle(entry, error);
    else if (!this.#isStopped()) this.#later(waitMs, () => this.#outbox.add([entry]));
  }

  #later(waitMs: number, start: () => void): void {
    const timer = setTimeout(() => {
      this.#pauses.delete(timer);
      start();
      this.#pump();
    }, waitMs);
    this.#pauses.add(timer);
  }

  #settle(entry: Entry<P>, result: Result): void {
    if (result instanceof ClientError) this.#known.delete(entry.hash);
    else this.#known.set(entry.hash, result);
    this.#report(entry, result, entry.hash);
    for (const duplicate of entry.duplicates) this.#reportDuplicate(duplicate, result, entry.hash);
  }

  #reportDuplicate(position: Position<P>, result: Result, hash: string): void {
    if (result instanceof ClientError) this.#report(position, result, hash);
    else this.#report(position, { ...result, inferenceMethod: 'cache' }, hash, true);
  }

  #report({ index, photo }: Position<P>, result: Result, hash?: string, isDuplicate = false): void {
    const { onPhoto, onProgress } = this.#options;
    this.#tally.add(result, isDuplicate);
    onPhoto?.({ index, photo, ...(hash !== undefined && { hash }), result, isDuplicate });
    onProgress?.(this.#tally.summary());
  }

  #drop(): void {
    this.#cursor = this.#photos.length;
    this.#toLookUp.length = 0;
    this.#outbox.empty();
    for (const timer of this.#pauses) clearTimeout(timer);
    this.#pauses.clear();
  }

  #failTheRest(error: ClientError): void {
    for (const entry of [...this.#toLookUp.splice(0), ...this.#outbox.empty()]) this.#settle(entry, error);
    for (; this.#cursor < this.#photos.length; this.#cursor++) {
      const photo = this.#photos[this.#cursor];
      if (photo) this.#report({ index: this.#cursor, photo }, error);
    }
  }
}

/** Promise.withResolvers, which React Native lacks. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
