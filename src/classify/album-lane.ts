import type { Photo } from '../image/photo.ts';
import { deadlineIn } from '../resilience/deadline.ts';
import { waitUntil } from '../resilience/wait-until.ts';
import type { Classification, Classifier, ClassifyContext } from './classifier.ts';

/** What became of a photo in the lane. `dropped`: the service stopped. */
export type AlbumOutcome = 'answered' | 'failed' | 'no_room' | 'dropped';

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
  isInFlight: boolean;
}

/** What an entry takes beside its pictures, as measured. */
const entryBytes = 12_288;
const closeLimitMs = 2_000;

/** A queue in memory: photos are never written to disk, so a photo that is lost is sent again by its client. */
export function openAlbumLane(options: AlbumLaneOptions): AlbumLane {
  const { maxBytes, atOnce, timeLimitMs, isProvisional, onOutcome, onCopy } = options;
  /** By hash, in order of arrival. */
  const entries = new Map<string, Entry>();
  const inFlight = new Set<Promise<void>>();
  const stopping = new AbortController();
  let bytes = 0;
  let isStopped = false;

  function remove(entry: Entry, outcome: AlbumOutcome): void {
    entries.delete(entry.photo.sha256);
    bytes -= entry.bytes;
    onOutcome(outcome);
  }

  async function work(entry: Entry): Promise<void> {
    const { photo, better, owner } = entry;
    try {
      const { original, written } = await better.classify(photo, {
        deadline: deadlineIn(timeLimitMs),
        signal: stopping.signal,
        lane: 'album',
        ...owner,
      });
      await written;
      if (original !== undefined) await onCopy(owner.album ?? '', photo.sha256, original);
      remove(entry, 'answered');
    } catch {
      remove(entry, stopping.signal.aborted ? 'dropped' : 'failed');
    }
  }

  function pump(): void {
    if (isStopped) return;
    for (const entry of entries.values()) {
      if (inFlight.size >= atOnce()) return;
      if (entry.isInFlight) continue;
      entry.isInFlight = true;
      const task: Promise<void> = work(entry).then(() => {
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
    // A photo with a stored provisional answer is decoded now, which may fail under load.
    const pictures = await photo.analyse(context).catch(() => undefined);
    if (entries.has(photo.sha256)) return 'pending';
    const own = entryBytes + (pictures?.rendition.length ?? 0) + (pictures?.whole?.length ?? 0);
    if (!pictures || isStopped || bytes + own > maxBytes) {
      onOutcome('no_room');
      return 'no_room';
    }
    entries.set(photo.sha256, { photo, owner: ownerOf(context), bytes: own, better, isInFlight: false });
    bytes += own;
    pump();
    return 'pending';
  }

  return {
    around: (inner, { quick, better }) => ({
      async classify(photo, context) {
        const isAlbum = context.lane === 'album' && !context.isRecheck;
        // A call in flight may take an hour: no one else waits for it.
        if (!isAlbum && !entries.get(photo.sha256)?.isInFlight) return inner.classify(photo, context);
        const answer = await quick.classify(photo, context);
        if (!isProvisional(answer.classification)) return answer;
        if (context.formAccepted) await waitUntil(context.formAccepted, context);
        return { ...answer, degraded: true, better: await add(photo, context, better) };
      },
    }),
    has: (sha256) => entries.has(sha256),
    state: () => ({ photos: entries.size, bytes }),
    stop() {
      isStopped = true;
      for (const entry of [...entries.values()]) if (!entry.isInFlight) remove(entry, 'dropped');
    },
    async close() {
      this.stop();
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
