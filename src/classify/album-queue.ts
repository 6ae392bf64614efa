import type { Photo } from '../image/photo.ts';
import type { Classifier, ClassifyContext } from './classifier.ts';

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

/** A photo that waits or is in flight. */
export interface Entry {
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
export const entryBytes = 12_288;

export interface AlbumQueueOptions {
  /** Of the photos that wait or are in flight; further ones keep their local answers. */
  readonly maxBytes: number;
  readonly onOutcome: (outcome: AlbumOutcome) => void;
  /** What any process was told to forget since that time. */
  readonly findErased: (since: number) => Promise<IsErased>;
}

/** The photos of the lane. */
export function openAlbumQueue({ maxBytes, onOutcome, findErased }: AlbumQueueOptions) {
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
    /**
     * Of those that wait, the first of the caller with the fewest in flight. @param isOpen whether it may start
     */
    next(isOpen: (entry: Entry) => boolean): Entry | undefined {
      const all = [...entries.values()];
      const waiting = Map.groupBy(
        all.filter((entry) => !entry.call && isOpen(entry)),
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
