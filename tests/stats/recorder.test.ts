import { expect, test } from 'vitest';
import { UndecodableError } from '../../src/errors.ts';
import { identityOf } from '../../src/stats/caller-identity.ts';
import { openLossReport } from '../../src/stats/loss-report.ts';
import { openMetrics } from '../../src/stats/metrics/metrics.ts';
import { openRecorder } from '../../src/stats/recorder.ts';
import { outage } from '../../src/store/outage.ts';
import type { PhotoRecord, RequestRecord, Tally } from '../../src/store/records.ts';
import { recordingLogger } from '../store/recording-logger.ts';

const identity = identityOf({ userId: 'anna', address: '192.0.2.17' });
const caller = { identity, requestId: 'req_1_0123456789ab' };
const photo = { kind: 'upload', sha256: 'a'.repeat(64), sizeBytes: 1000, durationMs: 12 } as const;
const classification = { category: 'pets', confidence: 0.9, method: 'llm', model: 'vision-1' } as const;
const answer = { classification, from: 'model', degraded: false } as const;

function recording(write: () => void = () => {}) {
  const photos: PhotoRecord[] = [];
  const requests: RequestRecord[] = [];
  const tallies: Tally[] = [];
  const refused: unknown[] = [];
  const clock = { at: 5000 };
  const recorder = openRecorder({
    store: {
      recordPhoto(record) {
        write();
        photos.push(record);
      },
      recordRequest: (record) => void requests.push(record),
      recordTallies: (list) => void tallies.push(...list),
    },
    onRefused: (error) => refused.push(error),
    now: () => clock.at,
  });
  return { recorder, photos, requests, tallies, refused, clock };
}

test('an answered photo is recorded with what answered it', async () => {
  const { recorder, photos } = recording();
  recorder.answered(caller, photo, answer);
  recorder.answered(caller, photo, { ...answer, from: 'claim' });
  recorder.answered(caller, photo, { ...answer, from: 'store', original: 'b'.repeat(64) });
  recorder.answered(caller, photo, { ...answer, from: 'flight', original: 'b'.repeat(64) });
  recorder.answered(caller, photo, {
    classification: { ...classification, method: 'local' },
    from: 'model',
    degraded: true,
  });
  expect(photos.map(({ outcome, degraded }) => [outcome, degraded])).toEqual([
    ['llm', false],
    ['claim', false],
    ['near', false],
    ['near', false],
    ['local', true],
  ]);
  expect(photos[0]).toEqual({
    ...identity,
    ...photo,
    requestId: caller.requestId,
    at: 5000,
    dayAt: 0,
    outcome: 'llm',
    category: 'pets',
    confidence: 0.9,
    model: 'vision-1',
    degraded: false,
  });
});

test('a provisional answer is counted as degraded once, however often it is looked up', () => {
  const { recorder, photos } = recording();
  const provisional = { ...answer, degraded: true };
  recorder.answered(caller, photo, provisional);
  recorder.answered(caller, { ...photo, kind: 'lookup' }, { ...provisional, from: 'store' });
  expect(photos.map(({ degraded }) => degraded)).toEqual([true, false]);
});

test('a failed photo is recorded with the public code of its error only', async () => {
  const { recorder, photos } = recording();
  recorder.failed(
    caller,
    photo,
    new UndecodableError('truncated_image', 'The photo is cut short: it ends within its header.'),
  );
  recorder.failed(caller, { kind: 'upload', durationMs: 1 }, new Error('secret'));
  expect(photos.map(({ outcome, errorCode }) => [outcome, errorCode])).toEqual([
    ['failed', 'truncated_image'],
    ['failed', 'internal_error'],
  ]);
  expect(JSON.stringify(photos)).not.toContain('secret');
});

test('a request is recorded', async () => {
  const { recorder, requests } = recording();
  const request = { route: 'check-cache', lookups: 1, lookupHits: 0, uploads: 0, durationMs: 3 } as const;
  recorder.request(caller, request);
  expect(requests).toEqual([{ ...identity, ...request, requestId: caller.requestId, at: 5000, dayAt: 0 }]);
});

test('a record that cannot be written costs no answer', () => {
  const { recorder, refused } = recording(() => {
    throw new Error('no key');
  });
  recorder.answered(caller, photo, answer);
  expect(refused).toEqual([new Error('no key')]);
});

test('losses are counted, and logged once a minute with their number', async () => {
  const { logger, lines, fields } = recordingLogger();
  const metrics = openMetrics();
  const clock = { at: 5000 };
  const onLost = openLossReport({ metrics, log: logger, now: () => clock.at });
  for (let index = 0; index < 5; index += 1) onLost(2, outage('down'));
  onLost(1, new Error('constraint'));
  expect(lines).toEqual(['warn records of photos were lost']);
  clock.at += 60_000;
  onLost(1, new Error('constraint'));
  expect(fields).toEqual([
    { lost: 2, reason: 'store_unavailable' },
    { lost: 10, reason: 'Error: constraint' },
  ]);
  const { values } = await metrics.recordsLost.get();
  expect(Object.fromEntries(values.map(({ labels, value }) => [labels.reason, value]))).toEqual({
    store_unavailable: 10,
    error: 2,
  });
});
