import { expect, test } from 'vitest';
import { UnavailableError, UndecodableError } from '../../src/errors.ts';
import { openRecorder } from '../../src/stats/recorder.ts';
import { senderOf } from '../../src/stats/sender.ts';
import type { Tally } from '../../src/store/rollup.ts';
import type { PhotoRecord, RequestRecord } from '../../src/store/store.ts';
import { recordingLogger } from '../store/recording-logger.ts';

const sender = senderOf({ userId: 'anna', address: '192.0.2.17' });
const origin = { sender, requestId: 'req_1_0123456789ab' };
const photo = { kind: 'upload', sha256: 'a'.repeat(64), sizeBytes: 1000, durationMs: 12 } as const;
const classification = { category: 'pets', confidence: 0.9, method: 'llm', model: 'vision-1' } as const;
const answer = { classification, from: 'model', degraded: false } as const;

function recording(write: () => Promise<void> = async () => {}) {
  const photos: PhotoRecord[] = [];
  const requests: RequestRecord[] = [];
  const tallies: Tally[] = [];
  const lost: string[] = [];
  const clock = { at: 5000 };
  const { logger, lines, fields } = recordingLogger();
  const recorder = openRecorder({
    store: {
      recordPhoto: (record) => write().then(() => void photos.push(record)),
      recordRequest: (record) => write().then(() => void requests.push(record)),
      recordTallies: (list) => write().then(() => void tallies.push(...list)),
    },
    logger,
    onLost: (reason) => lost.push(reason),
    now: () => clock.at,
  });
  return { recorder, photos, requests, tallies, lost, clock, lines, fields };
}

test('an answered photo is recorded with what answered it', async () => {
  const { recorder, photos } = recording();
  await recorder.answered(origin, photo, answer);
  await recorder.answered(origin, photo, { ...answer, from: 'claim' });
  await recorder.answered(origin, photo, { ...answer, from: 'store', saidOf: 'b'.repeat(64) });
  await recorder.answered(origin, photo, { ...answer, from: 'flight', saidOf: 'b'.repeat(64) });
  await recorder.answered(origin, photo, {
    classification: { ...classification, method: 'local' },
    from: 'model',
    degraded: true,
  });
  expect(photos.map(({ outcome, degraded }) => [outcome, degraded])).toEqual([
    ['llm', false],
    ['claim', false],
    ['near', false],
    ['flight', false],
    ['local', true],
  ]);
  expect(photos[0]).toEqual({
    ...sender,
    ...photo,
    requestId: origin.requestId,
    at: 5000,
    dayAt: 0,
    outcome: 'llm',
    category: 'pets',
    confidence: 0.9,
    model: 'vision-1',
    degraded: false,
  });
});

test('a failed photo is recorded with the public code of its error only', async () => {
  const { recorder, photos } = recording();
  await recorder.failed(origin, photo, new UndecodableError('truncated_image', 'The photo is cut short.'));
  await recorder.failed(origin, { kind: 'upload', durationMs: 1 }, new Error('secret'));
  expect(photos.map(({ outcome, errorCode }) => [outcome, errorCode])).toEqual([
    ['failed', 'truncated_image'],
    ['failed', 'internal_error'],
  ]);
  expect(JSON.stringify(photos)).not.toContain('secret');
});

test('a request is recorded', async () => {
  const { recorder, requests } = recording();
  const request = { route: 'check-cache', lookups: 1, lookupHits: 0, uploads: 0, durationMs: 3 } as const;
  await recorder.request(origin, request);
  expect(requests).toEqual([{ ...sender, ...request, requestId: origin.requestId, at: 5000, dayAt: 0 }]);
});

test('what cannot be written is counted, never thrown, and told once a minute with its number', async () => {
  let error: Error = new UnavailableError('store_unavailable', 'down');
  const { recorder, lost, clock, lines, fields } = recording(async () => {
    throw error;
  });
  for (let index = 0; index < 5; index += 1) await recorder.answered(origin, photo, answer);
  error = new Error('constraint');
  await recorder.request(origin, { route: 'batch', lookups: 0, lookupHits: 0, uploads: 2, durationMs: 3 });
  expect(lost).toEqual([...Array(5).fill('store_unavailable'), 'error']);
  expect(lines).toEqual(['warn records of photos were lost']);
  clock.at += 60_000;
  await recorder.failed(origin, photo, error);
  expect(fields).toEqual([
    { lost: 1, reason: 'store_unavailable' },
    { lost: 6, reason: 'Error: constraint' },
  ]);
});

test('flush waits for what is being written', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { recorder, photos } = recording(() => promise);
  void recorder.answered(origin, photo, answer);
  const flushed = recorder.flush().then(() => photos.length);
  resolve();
  expect(await flushed).toBe(1);
});
