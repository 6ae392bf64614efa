import type { Photo } from '../image/photo.ts';
import { deadlineIn } from '../resilience/deadline.ts';
import { waitUntil } from '../resilience/wait-until.ts';
import {
  type AlbumQueueOptions,
  type Entry,
  entryBytes,
  type IsErased,
  openAlbumQueue,
} from './album-queue.ts';
import type { Answer, Classification, Classifier, ClassifyContext } from './classifier.ts';

export interface AlbumLaneOptions extends AlbumQueueOptions {
  /** Photos to work on at once, at present. */
  readonly atOnce: () => number;
  /** For one photo, in milliseconds, once it is its turn. */
  readonly timeLimitMs: number;
  /** A quick answer that a better one should replace. */
  readonly isProvisional: (classification: Classification) => boolean;
  /** The photo got the answer of `original`, a copy of it in the same album. Never rejects. */
  readonly onCopy: (album: string, copy: string, original: string) => Promise<void>;
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
  /** Asked before an answer is stored: whether any process was told to forget the photo, whose call is in flight. */
  isForgotten(sha256: string): Promise<boolean>;
  /** Drops the photos that wait; those in flight go on. */
  stop(): void;
  /** Waits two seconds for photos in flight, then gives them up. */
  close(): Promise<void>;
}

const closeLimitMs = 2_000;
/** Other processes' erasures reach photos in flight after that. */
const erasuresMs = 5_000;

type Queue = ReturnType<typeof openAlbumQueue>;

/** Works on the photos of the queue, as many at once as go well. */
function openCalls({ atOnce, timeLimitMs, onCopy }: AlbumLaneOptions, queue: Queue) {
  const inFlight = new Set<Promise<void>>();
  /** Hashes of photos that are classified outside of the lane at present, and for how many callers. */
  const outside = new Map<string, number>();
  const stopping = new AbortController();
  let isStopped = false;

  async function work(entry: Entry, call: AbortController): Promise<void> {
    const { photo, better, owner } = entry;
    const signal = AbortSignal.any([stopping.signal, call.signal]);
    try {
      await queue.forgetErased();
      signal.throwIfAborted();
      const { original, written } = await better.classify(photo, {
        deadline: deadlineIn(timeLimitMs),
        signal,
        lane: 'album',
        ...owner,
      });
      await written;
      if (original !== undefined) {
        await queue.forgetErased();
        signal.throwIfAborted();
        await onCopy(owner.album ?? '', photo.sha256, original);
      }
      queue.remove(entry, 'answered');
    } catch {
      if (call.signal.aborted) queue.remove(entry, 'forgotten');
      else queue.remove(entry, stopping.signal.aborted ? 'dropped' : 'failed');
    }
  }

  function pump(): void {
    while (!isStopped && inFlight.size < atOnce()) {
      const entry = queue.next(({ photo }) => !outside.has(photo.sha256));
      if (!entry) return;
      entry.call = new AbortController();
      const task: Promise<void> = work(entry, entry.call).then(() => {
        inFlight.delete(task);
        pump();
      });
      inFlight.add(task);
    }
  }

  return {
    pump,
    isStopped: () => isStopped,
    /** No call of the lane begins for the photo meanwhile: the caller would join it, and wait for up to an hour. */
    async outside(inner: Classifier, photo: Photo, context: ClassifyContext): Promise<Answer> {
      const { sha256 } = photo;
      outside.set(sha256, (outside.get(sha256) ?? 0) + 1);
      const end = () => {
        const others = (outside.get(sha256) ?? 1) - 1;
        if (others > 0) outside.set(sha256, others);
        else outside.delete(sha256);
        if (queue.byHash.has(sha256)) pump();
      };
      try {
        const answer = await inner.classify(photo, context);
        // The lane finds a stored answer.
        void answer.written.then(end);
        return answer;
      } catch (error) {
        end();
        throw error;
      }
    },
    stop(): void {
      isStopped = true;
      queue.removeWaiting('dropped');
    },
    /** Waits two seconds for photos in flight, then gives them up. */
    async close(): Promise<void> {
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

/** A queue in memory: photos are never written to disk, so a photo that is lost is sent again by its client. */
export function openAlbumLane(options: AlbumLaneOptions): AlbumLane {
  const { isProvisional, onOutcome, now = Date.now } = options;
  const queue = openAlbumQueue(options);
  const calls = openCalls(options, queue);
  const checking = setInterval(() => void queue.forgetErased(), erasuresMs).unref();
  const callOf = (sha256: string) => queue.byHash.get(sha256)?.call;

  async function add(
    photo: Photo,
    context: ClassifyContext,
    better: Classifier,
  ): Promise<'pending' | 'no_room'> {
    const at = now();
    // A photo with a stored provisional answer is decoded now, which may fail under load.
    const pictures = await photo.analyse(context).catch(() => undefined);
    if (queue.byHash.has(photo.sha256)) return 'pending';
    const own = entryBytes + (pictures?.rendition.length ?? 0) + (pictures?.whole?.length ?? 0);
    if (!pictures || calls.isStopped() || !queue.hasRoom(context.caller, own)) {
      onOutcome('no_room');
      return 'no_room';
    }
    queue.add({ photo, owner: ownerOf(context), bytes: own, better, at });
    calls.pump();
    return 'pending';
  }

  return {
    around: (inner, { quick, better }) => ({
      async classify(photo, context) {
        // A call in flight may take an hour: no one else waits for it.
        if (!callOf(photo.sha256) && (context.isRecheck || context.lane !== 'album'))
          return calls.outside(inner, photo, context);
        const answer = await quick.classify(photo, context);
        if (!isProvisional(answer.classification)) return answer;
        if (context.formAccepted) await waitUntil(context.formAccepted, context);
        return { ...answer, degraded: true, better: await add(photo, context, better) };
      },
    }),
    has: (sha256) => queue.byHash.has(sha256),
    state: queue.state,
    forget: queue.forget,
    async isForgotten(sha256) {
      const call = callOf(sha256);
      if (call) await queue.forgetErased();
      return call?.signal.aborted ?? false;
    },
    stop: calls.stop,
    async close() {
      calls.stop();
      clearInterval(checking);
      await calls.close();
    },
  };
}

/** Not the context itself, which holds on to its request. */
function ownerOf({ caller, album }: ClassifyContext): Entry['owner'] {
  return { ...(caller !== undefined && { caller }), ...(album !== undefined && { album }) };
}
