import type { AnalyseContext } from '../photo.ts';
import { estimatedMs, type Job, type QueuedJob } from './job.ts';

/** A job lets cheaper ones overtake it for this many times its estimate. */
const agingFactor = 4;

interface Turn {
  readonly queued: QueuedJob;
  readonly turnMs: number;
}

/**
 * Jobs of one price class. Single photos get their turn on arrival, photos of albums a few at a time from each caller.
 */
export interface JobQueue {
  /** Jobs in turn. */
  readonly turns: number;
  /** Photos of albums that wait for a turn. */
  readonly albums: number;
  /** Estimated work of the jobs in turn, in milliseconds. */
  readonly turnsMs: number;
  /** Of all that wait. */
  readonly waitingMs: number;
  readonly head: Turn | undefined;
  add(queued: QueuedJob): void;
  shift(): void;
  /** A job that waits here leaves. */
  remove(queued: QueuedJob): void;
  /** A job that had its turn has left for good. */
  done(queued: QueuedJob): void;
}

export function isOfAlbum({ kind }: Pick<Job, 'kind'>, { lane = 'single' }: AnalyseContext): boolean {
  return kind === 'decode' && lane !== 'single';
}

/** @param albumTurns photos of albums in turn or at work */
export function openJobQueue(albumTurns: number, nowMs: () => number): JobQueue {
  const turns: Turn[] = [];
  /** By caller. */
  const albums = new Map<string, QueuedJob[]>();
  /** Photos in turn or at work, by caller. */
  const inTurn = new Map<string, number>();
  let albumsInTurn = 0;
  let albumsWaiting = 0;
  let turnsMs = 0;
  let albumsMs = 0;

  function takeTurn(queued: QueuedJob): void {
    const turnMs = nowMs() + agingFactor * estimatedMs(queued.job);
    const before = turns.findLastIndex((other) => other.turnMs <= turnMs);
    turns.splice(before + 1, 0, { queued, turnMs });
    turnsMs += estimatedMs(queued.job);
  }

  /** The caller with the fewest photos in turn or at work; of equals, the first to arrive. */
  function nextAlbum(): [string, QueuedJob[]] | undefined {
    let next: [string, QueuedJob[]] | undefined;
    for (const album of albums)
      if (!next || (inTurn.get(album[0]) ?? 0) < (inTurn.get(next[0]) ?? 0)) next = album;
    return next;
  }

  function admitAlbums(): void {
    while (albumsInTurn < albumTurns) {
      const [caller, jobs] = nextAlbum() ?? [];
      const queued = jobs?.[0];
      if (caller === undefined || queued === undefined) return;
      leaveAlbum(queued);
      albumsInTurn += 1;
      inTurn.set(caller, (inTurn.get(caller) ?? 0) + 1);
      takeTurn(queued);
    }
  }

  function leaveAlbum(queued: QueuedJob): void {
    const { caller = '' } = queued.context;
    const jobs = albums.get(caller);
    if (!jobs || !removeFrom(jobs, queued)) return;
    if (jobs.length === 0) albums.delete(caller);
    albumsWaiting -= 1;
    albumsMs -= estimatedMs(queued.job);
  }

  function done(queued: QueuedJob): void {
    if (!isOfAlbum(queued.job, queued.context)) return;
    const { caller = '' } = queued.context;
    const left = (inTurn.get(caller) ?? 1) - 1;
    if (left > 0) inTurn.set(caller, left);
    else inTurn.delete(caller);
    albumsInTurn -= 1;
    admitAlbums();
  }

  return {
    get turns() {
      return turns.length;
    },
    get albums() {
      return albumsWaiting;
    },
    get turnsMs() {
      return turnsMs;
    },
    get waitingMs() {
      return turnsMs + albumsMs;
    },
    get head() {
      return turns[0];
    },
    add(queued) {
      if (!isOfAlbum(queued.job, queued.context)) return takeTurn(queued);
      const { caller = '' } = queued.context;
      const jobs = albums.get(caller);
      if (jobs) jobs.push(queued);
      else albums.set(caller, [queued]);
      albumsWaiting += 1;
      albumsMs += estimatedMs(queued.job);
      admitAlbums();
    },
    shift() {
      const left = turns.shift();
      if (left) turnsMs -= estimatedMs(left.queued.job);
    },
    remove(queued) {
      const at = turns.findIndex((turn) => turn.queued === queued);
      if (at === -1) return leaveAlbum(queued);
      turns.splice(at, 1);
      turnsMs -= estimatedMs(queued.job);
      done(queued);
    },
    done,
  };
}

/** @returns whether it was there */
export function removeFrom<T>(list: T[], item: T): boolean {
  const at = list.indexOf(item);
  if (at !== -1) list.splice(at, 1);
  return at !== -1;
}
