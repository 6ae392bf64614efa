import { runAlbum } from '../../client/album.ts';
import type { PhotoAnswer } from '../../client/answer.ts';
import { ClientError } from '../../client/client-error.ts';
import type { Transport } from '../../client/transport.ts';
import { sayIn } from '../../messages/text.ts';
import { pause } from '../../resilience/backoff.ts';
import type { AccountState } from '../account.ts';
import type { Settings } from '../settings.ts';
import type { FilePhoto } from './file-photo.ts';
import { openProgress } from './progress.ts';

/** A photo with a provisional answer. */
export interface ProvisionalPhoto {
  readonly photo: FilePhoto;
  readonly hash: string;
  readonly answer: PhotoAnswer;
}

export interface BetterAnswersOptions {
  readonly settings: Pick<Settings, 'showsProgress' | 'isQuiet' | 'language'>;
  readonly streams: { readonly err: (text: string) => void; readonly isTerminal: boolean };
  readonly money: () => AccountState | undefined;
  readonly transport: Transport;
  /** Ends the wait. */
  readonly stop: AbortSignal;
  /** Photos that this process works on; undefined where a server does, which doesn't say. */
  readonly laneSize: (() => number) | undefined;
  /** @param isBetter false: the photo keeps its provisional answer */
  readonly onEnd: (provisional: ProvisionalPhoto, answer: PhotoAnswer, isBetter: boolean) => void;
}

const pauses = { firstMs: 500, longestMs: 10_000 };
/** How many photos are sent again while none is in the lane, as far as this run can tell. */
const sentIntoEmptyLane = 20;
/** How long to wait without a better answer. */
const idleMs = 15 * 60_000;

/** An earlier run had a provisional answer for the photo; a look-up does not say that of one. */
export function stillProvisional(result: PhotoAnswer | ClientError): PhotoAnswer | ClientError {
  const isProvisional = !(result instanceof ClientError) && result.degraded && !result.betterAnswer;
  return isProvisional ? { ...result, betterAnswer: 'pending' } : result;
}

/** No better answer follows: the lane of this process is empty. */
function final({ betterAnswer: _, ...answer }: PhotoAnswer): PhotoAnswer {
  return answer;
}

/**
 * Waits until all photos have better answers, or no more are to come.
 * @returns the provisional answers that were replaced
 */
export async function awaitBetterAnswers(photos: readonly ProvisionalPhoto[], options: BetterAnswersOptions) {
  const { settings, streams, money, onEnd } = options;
  const say = sayIn(settings.language);
  const startedMs = performance.now();
  const provisional: PhotoAnswer[] = [];
  const total = photos.length;
  if (total > 0 && !options.stop.aborted) {
    if (!settings.isQuiet)
      streams.err(
        `${say('Waiting for {count} better {count|answer|answers} at half price. Ctrl-C ends the wait.', { count: total })}\n`,
      );
    const progress = openProgress(total, settings.showsProgress && streams.isTerminal, say);
    const rest = await poll(photos, {
      ...options,
      onBetter(photo, answer) {
        provisional.push(photo.answer);
        onEnd(photo, answer, true);
        const counts = { total, finished: provisional.length, fromCache: 0, failed: 0 };
        progress.update({ ...counts, money: money(), note: say('better answers'), file: photo.photo.file });
      },
    });
    progress.stop();
    const isOver = options.laneSize !== undefined && !options.stop.aborted;
    for (const one of rest) onEnd(one, isOver ? final(one.answer) : one.answer, false);
  } else for (const one of photos) onEnd(one, one.answer, false);
  return { provisional, durationMs: performance.now() - startedMs };
}

/**
 * Looks the photos up again and again. Sends those again for which there was no room, as others make room, and those
 * whose provisional answers have expired.
 * @returns the photos without a better answer
 */
async function poll(
  photos: readonly ProvisionalPhoto[],
  options: Pick<BetterAnswersOptions, 'transport' | 'stop' | 'laneSize'> & {
    readonly onBetter: (provisional: ProvisionalPhoto, answer: PhotoAnswer) => void;
  },
): Promise<readonly ProvisionalPhoto[]> {
  const { transport, stop, laneSize, onBetter } = options;
  const open = Map.groupBy(photos, ({ hash }) => hash);
  const noRoom = new Set<string>();
  for (const { hash, answer } of photos) if (answer.betterAnswer === 'no_room') noRoom.add(hash);
  let pauseMs = pauses.firstMs;
  let changedMs = performance.now();
  let askedSinceChange = 0;
  let placesFree = 0;

  /** A look-up finds the provisional answer: to be sent again, the photo must count as a miss. */
  function resending(hashes: readonly string[]): Transport {
    const sent = new Set(hashes);
    return {
      ...transport,
      lookUp: async (asked, signal) =>
        (await transport.lookUp(asked, signal, true)).map((answer, index) =>
          answer?.degraded && sent.has(asked[index] ?? '') ? undefined : answer,
        ),
    };
  }

  function take(hash: string, result: PhotoAnswer | ClientError): void {
    if (result instanceof ClientError) return;
    if (result.betterAnswer === 'no_room') noRoom.add(hash);
    else noRoom.delete(hash);
    if (result.degraded) return;
    for (const provisional of open.get(hash) ?? []) onBetter(provisional, result);
    open.delete(hash);
  }

  while (open.size > 0) {
    await pause(pauseMs, stop).catch(() => {});
    if (stop.aborted) break;
    const isLaneEmpty = laneSize?.() === 0;
    const before = open.size;
    const group = [...open].slice(0, 2 * transport.lookUpSize);
    const canSend = noRoom.size >= open.size || isLaneEmpty ? sentIntoEmptyLane : placesFree;
    const again = group.map(([hash]) => hash).filter((hash) => noRoom.has(hash));
    const asked = group.flatMap(([hash, [first]]) => (first ? [{ ...first.photo, hash }] : []));
    await runAlbum(asked, resending(again.slice(0, canSend)), {
      stop,
      onPhoto: ({ hash, result }) => take(hash ?? '', result),
    });
    // Those that have waited longest come first again after all others.
    for (const [hash, held] of group) if (open.delete(hash)) open.set(hash, held);
    placesFree = before - open.size;
    askedSinceChange = placesFree > 0 ? 0 : askedSinceChange + group.length;
    if (placesFree > 0) changedMs = performance.now();
    pauseMs = placesFree > 0 ? pauses.firstMs : Math.min(pauseMs * 1.5, pauses.longestMs);
    if (isLaneEmpty && noRoom.size === 0 && askedSinceChange >= open.size) break;
    if (laneSize === undefined && performance.now() - changedMs > idleMs) break;
  }
  return [...open.values()].flat();
}
