import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenPhotos } from '../../image/open-photos.ts';
import type { AnalyseContext } from '../../image/photo.ts';

/**
 * From the shortest to twice as long. A waiting connection costs nothing. A thousand clients that retry at once cause
 * 300 rejections a second, and not a thousand in one moment, in which no other request is answered.
 */
const shortestDelayMs = 2000;

/**
 * Rejects a photo before its body is read, if it would have to wait too long. The rejection is late, so that a client
 * which retries at once sends no more than one that waits as it is asked to.
 * @throws UnavailableError overloaded
 */
export async function checkRoom(
  photos: Pick<OpenPhotos, 'checkRoom'>,
  context: AnalyseContext,
  onRejection: (error: unknown) => void = () => {},
): Promise<void> {
  try {
    photos.checkRoom(context);
  } catch (error) {
    const delayMs = Math.min(shortestDelayMs * (1 + Math.random()), context.deadline.leftMs());
    await sleep(delayMs, undefined, { signal: context.signal }).catch(() => undefined);
    onRejection(error);
    throw error;
  }
}
