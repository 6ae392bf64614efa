import type { Photo } from '../image/photo.ts';
import { deadlineIn } from '../resilience/deadline.ts';
import { waitUntil } from '../resilience/wait-until.ts';
import type { Classification, Classifier, ClassifyContext } from './classifier.ts';

/** What became of a photo in the lane. `dropped`: the service stopped. */
export type AlbumOutcome = 'answered' | 'failed' | 'no_room' | 'dropped' | 'forgotten';

/** Whether a photo that arrived at that time, in Unix milliseconds, was to be forgotten since. */
export type IsErased = (photo: {
  readonly at: number;
  readonly claimant: string | undefined;
  readonly hashes: readonly string[];
}) => boolean;

/** The photo was to be forgotten while its call was in flight: its answer must not be stored. */
export class ForgottenError extends Error {}

export interface AlbumLaneOptions {
  /** Of the photos that wait or are in flight; further ones keep their local answers. */
  readonly maxBytes: number;
  /** Photos to work on at once, at present. */
  readonly atOnce: () => number;
  /** For one photo, in milliseconds, once it is its turn. */
  readonly timeLimitMs: number;
  /** A quick answer that a better one should replace. */
  readonly isProvisional: (classification: Classification) => boolean;
  readonly onOutcome: (outcome: AlbumOutcome) => void;
  /** The photo got the answer of `original`, a copy of it in the same album. Never rejects. */
  readonly onCopy: (album: string, copy: string, original: string) => Promise<void>;
  /** What any process was told to forget since that time. */
  readonly findErased: (since: number) => Promise<IsErased>;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

export interface AlbumLaneParts {
  /** Answers at once: the cache or the local model. */
  readonly quick: Classifier;
  /** Answers better and later, and stores its answers. */
  readonly better: Classifier;
}

export interface AlbumLane {
  /** Photos of the lane `album` get a quick answer at once and a better one later; others go to `inner`. */
  around(inner: Classifier, parts: AlbumLaneParts): Classifier;
  /** Whether the photo waits or is in flight. @param sha256 verified */
  has(sha256: string): boolean;
  /** Photos that wait or are in flight, and their memory in bytes. */
  state(): { readonly photos: number; readonly bytes: number };
  /** Drops what was to be forgotten: it is not sent any more, and an answer that still comes is not stored. */
  forget(isErased: IsErased): void;
  /** Drops the photos that wait; those in flight go on. */
  stop(): void;
  /** Waits two seconds for photos in flight, then gives them up. */
  close(): Promise<void>;
}

interface Entry {
  readonly photo: Photo;
  readonly owner: Pick<ClassifyContext, 'caller' | 'album'>;
  readonly bytes: number;
  readonly better: Classifier;
  /** Of arrival, in Unix milliseconds. */
  readonly at: number;
  /** Gives the call up; undefined while the photo waits. */
  call?: AbortController;
}

/** What an entry takes beside its pictures, as measured. */
const entryBytes = 12_288;
const closeLimitMs = 2_000;
/** Other processes' erasures reach photos in flight after that. */
const erasuresMs = 5_000;

/** Photos that wait or are in flight. */
function openEntries({ maxBytes, onOutcome, findErased }: AlbumLaneOptions) {
  /** By hash, in order of arrival. */
  const entries = new Map<string, Entry>();
  let bytes = 0;

  function remove(entry: Entry, outcome: AlbumOutcome): void {
    entries.delete(entry.photo.sha256);
    bytes -= entry.bytes;
    onOutcome(outcome);
  }

  function forget(isErased: IsErased): void {
    for (const entry of [...entries.values()]) {
      const { photo, owner, at, call } = entry;
      if (!isErased({ at, claimant: owner.album, hashes: [photo.sha256] })) continue;
      if (call) call.abort(new ForgottenError());
      else remove(entry, 'forgotten');
    }
  }

  return {
    byHash: entries as ReadonlyMap<string, Entry>,
    state: () => ({ photos: entries.size, bytes }),
    add(entry: Entry): void {
      entries.set(entry.photo.sha256, entry);
      bytes += entry.bytes;
    },
    /** While the lane is over half full, a caller may hold a quarter of it. */
    hasRoom(caller: string | undefined, own: number): boolean {
      if (bytes + own <= maxBytes / 2) return true;
      const held = [...entries.values()].filter(({ owner }) => owner.caller === caller);
      return bytes + own <= maxBytes && held.reduce((sum, one) => sum + one.bytes, own) <= maxBytes / 4;
    },
    /** Of those that wait, the first of the caller with the fewest in flight. */
    next(): Entry | undefined {
      const all = [...entries.values()];
      const waiting = Map.groupBy(
        all.filter(({ call }) => !call),
        ({ owner }) => owner.caller,
      );
      const inFlight = Map.groupBy(
        all.filter(({ call }) => call),
        ({ owner }) => owner.caller,
      );
      const callers = [...waiting.keys()].toSorted(
        (a, b) => (inFlight.get(a)?.length ?? 0) - (inFlight.get(b)?.length ?? 0),
      );
      return waiting.get(callers[0])?.[0];
    },
    remove,
    removeWaiting(outcome: AlbumOutcome): void {
      for (const entry of [...entries.values()]) if (!entry.call) remove(entry, outcome);
    },
    forget,
    /** What other processes were told. Nothing can be forgotten while the store is down. */
    async forgetErased(): Promise<void> {
      const [oldest] = entries.values();
      const isErased = oldest && (await findErased(oldest.at).catch(() => undefined));
      if (isErased) forget(isErased);
    },
  };
}

/** A queue in memory: photos are never written to disk, so a photo that is lost is sent again by its client. */
export function openAlbumLane(options: AlbumLaneOptions): AlbumLane {
  const { atOnce, timeLimitMs, isProvisional, onOutcome, onCopy, now = Date.now } = options;
  const entries = openEntries(options);
  const inFlight = new Set<Promise<void>>();
  const stopping = new AbortController();
  let isStopped = false;
  const checking = setInterval(() => void entries.forgetErased(), erasuresMs).unref();

  async function work(entry: Entry, call: AbortController): Promise<void> {
    const { photo, better, owner } = entry;
    const signal = AbortSignal.any([stopping.signal, call.signal]);
    try {
      await entries.forgetErased();
      signal.throwIfAborted();
      const { original, written } = await better.classify(photo, {
        deadline: deadlineIn(timeLimitMs),
        signal,
        lane: 'album',
        ...owner,
      });
      await written;
      if (original !== undefined) {
        await entries.forgetErased();
        signal.throwIfAborted();
        await onCopy(owner.album ?? '', photo.sha256, original);
      }
      entries.remove(entry, 'answered');
    } catch {
      if (call.signal.aborted) entries.remove(entry, 'forgotten');
      else entries.remove(entry, stopping.signal.aborted ? 'dropped' : 'failed');
    }
  }

  function pump(): void {
    while (!isStopped && inFlight.size < atOnce()) {
      const entry = entries.next();
      if (!entry) return;
      entry.call = new AbortController();
      const task: Promise<void> = work(entry, entry.call).then(() => {
        inFlight.delete(task);
        pump();
      });
      inFlight.add(task);
    }
  }

  async function add(
    photo: Photo,
    context: ClassifyContext,
    better: Classifier,
  ): Promise<'pending' | 'no_room'> {
    const at = now();
    // A photo with a stored provisional answer is decoded now, which may fail under load.
    const pictures = await photo.analyse(context).catch(() => undefined);
    if (entries.byHash.has(photo.sha256)) return 'pending';
    const own = entryBytes + (pictures?.rendition.length ?? 0) + (pictures?.whole?.length ?? 0);
    if (!pictures || isStopped || !entries.hasRoom(context.caller, own)) {
      onOutcome('no_room');
      return 'no_room';
    }
    entries.add({ photo, owner: ownerOf(context), bytes: own, better, at });
    pump();
    return 'pending';
  }

  return {
    around: (inner, { quick, better }) => ({
      async classify(photo, context) {
        // A call in flight may take an hour: no one else waits for it.
        if (context.isRecheck || (context.lane !== 'album' && !entries.byHash.get(photo.sha256)?.call))
          return inner.classify(photo, context);
        const answer = await quick.classify(photo, context);
        if (!isProvisional(answer.classification)) return answer;
        if (context.formAccepted) await waitUntil(context.formAccepted, context);
        return { ...answer, degraded: true, better: await add(photo, context, better) };
      },
    }),
    has: (sha256) => entries.byHash.has(sha256),
    state: entries.state,
    forget: entries.forget,
    stop() {
      isStopped = true;
      entries.removeWaiting('dropped');
    },
    async close() {
      this.stop();
      clearInterval(checking);
      const limit = Promise.withResolvers<void>();
      const timer = setTimeout(limit.resolve, closeLimitMs);
      const rest = Promise.all(inFlight);
      await Promise.race([rest, limit.promise]);
      clearTimeout(timer);
      stopping.abort();
      await rest;
    },
  };
}

/** Not the context itself, which holds on to its request. */
function ownerOf({ caller, album }: ClassifyContext): Entry['owner'] {
  return { ...(caller !== undefined && { caller }), ...(album !== undefined && { album }) };
}
