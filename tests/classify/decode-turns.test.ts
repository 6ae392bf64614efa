import { expect, test } from 'vitest';
import type { ClassifyContext } from '../../src/classify/classifier.ts';
import { withDecodeTurns } from '../../src/classify/decode-turns.ts';
import { DeadlineError } from '../../src/errors.ts';
import type { OpenPhotos } from '../../src/image/open-photos.ts';
import type { Analysis } from '../../src/image/photo.ts';
import { type ReceivedUpload, receivedUpload } from '../../src/image/receive.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';

/** Photos whose decodes begin in an order that is written down, and end when they are told to. */
function heldPhotos() {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const photos: OpenPhotos = {
    open: ({ sha256 }: ReceivedUpload) => ({
      sha256,
      sizeBytes: 1,
      format: 'jpeg',
      analyse: () => {
        begun.push(sha256);
        return new Promise<Analysis>((resolve) => {
          ends.push(() => resolve({ rendition: Buffer.alloc(0), widthPx: 1, heightPx: 1 } as Analysis));
        });
      },
      close() {},
    }),
  };
  return { photos, begun, endFirst: () => ends.shift()?.() };
}

const upload = (name: string) => receivedUpload(Buffer.alloc(1), name, () => {});
const context = (lane: ClassifyContext['lane'], caller: string, ms = 10_000): ClassifyContext => ({
  deadline: deadlineIn(ms),
  signal: new AbortController().signal,
  lane,
  caller,
});
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('albums take turns, a few photos at a time, and a single photo waits for none of them', async () => {
  const { photos, begun, endFirst } = heldPhotos();
  const turns = withDecodeTurns(photos, { atOnce: 2, maxWaiting: 100 });
  const begin = (name: string, lane: ClassifyContext['lane'], caller: string) =>
    void turns.open(upload(name)).analyse(context(lane, caller));
  for (const name of ['a1', 'a2', 'a3', 'a4']) begin(name, 'batch', 'a');
  begin('b1', 'batch', 'b');
  await settled();
  expect(begun).toEqual(['a1', 'a2']);
  begin('single', 'single', 'c');
  await settled();
  expect(begun).toEqual(['a1', 'a2', 'single']);
  endFirst();
  await settled();
  expect(begun.at(-1)).toBe('b1');
});

test('whoever’s time is up leaves the line', async () => {
  const { photos, begun } = heldPhotos();
  const turns = withDecodeTurns(photos, { atOnce: 1, maxWaiting: 100 });
  void turns.open(upload('first')).analyse(context('batch', 'a'));
  await settled();
  const second = turns.open(upload('second')).analyse(context('batch', 'a', 20));
  await expect(second).rejects.toBeInstanceOf(DeadlineError);
  expect(begun).toEqual(['first']);
});

test('more than may wait are told to come back', async () => {
  const { photos } = heldPhotos();
  const turns = withDecodeTurns(photos, { atOnce: 1, maxWaiting: 1 });
  const analyse = (name: string) => turns.open(upload(name)).analyse(context('batch', 'a'));
  void analyse('first');
  await settled();
  void analyse('second');
  await settled();
  await expect(analyse('third')).rejects.toMatchObject({ code: 'overloaded' });
});
