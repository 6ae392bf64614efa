import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openMetrics } from '../../src/stats/metrics/metrics.ts';
import { openStats, type Stats } from '../../src/stats/open-stats.ts';
import { openSavings } from '../../src/stats/reports/savings.ts';
import { withShadow } from '../../src/stats/shadow.ts';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import type { Store } from '../../src/store/store.ts';
import { mysqlFixture } from '../contracts/mysql-place.ts';
import { activityOf, claimantOf, photoOf, requestOf } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import type { StoreFixture } from '../contracts/store-place.ts';
import { fakePhoto } from '../support/fake-photo.ts';
import { describeWithMysql } from '../support/mysql.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const noon = Date.parse('2026-06-15T12:00:00Z');

function describeReports(prepare: () => Promise<StoreFixture>): void {
  let fixture: StoreFixture;
  let store: Store;
  let stats: Stats;
  let clock: { at: number };

  beforeEach(async () => {
    fixture = await prepare();
    store = fixture.open();
    await store.migrate();
    clock = { at: noon };
    stats = openStats({
      store: withGroupCommit(store),
      reports: store.reports,
      metrics: openMetrics(),
      timeZone: 'UTC',
      hasAlbumLane: true,
      log: pino({ level: 'silent' }),
      onLost() {},
      now: () => clock.at,
    });
  });
  afterEach(async () => {
    await store.close();
    await fixture.remove();
  });

  test('savings follow from the sample of comparisons and the traffic of the last 24 hours', async () => {
    const at = noon - 2 * hour;
    const moment = { at, dayAt: at - (at % day), amount: 0 };
    const old = { ...moment, at: at - 3 * day, dayAt: moment.dayAt - 3 * day };
    const tallies = [
      { ...moment, topic: 'sure', name: 'sure', n: 100, amount: 95 },
      { ...old, topic: 'sure', name: 'sure', n: 20, amount: 19 },
      { ...moment, topic: 'sure', name: 'unsure', n: 80, amount: 40 },
      { ...moment, topic: 'call', name: 'answered', n: 230, amount: 23_000_000 },
      { ...moment, topic: 'spent', name: 'single', n: 92, amount: 9_200_000 },
      { ...moment, topic: 'spent', name: 'batch', n: 92, amount: 9_200_000 },
      { ...moment, topic: 'spent', name: 'album', n: 46, amount: 4_600_000 },
      // Of another day: no traffic of today.
      { ...old, topic: 'spent', name: 'batch', n: 1, amount: 99_000_000 },
    ];
    await store.saveActivity(activityOf({ tallies }));
    // The hours of noon and the 23 before it: 23 hours so far.
    const monthly = (30 * 24) / 23;
    const savings = await stats.savingOptions(30);
    expect(savings).toEqual({
      compared: 200,
      is_enough: true,
      sure_share: 0.6,
      // Wilson's interval for 114 of 120, by hand.
      agreement_when_sure: { share: 0.95, low: 0.8952, high: 0.9769 },
      month: {
        calls_answered: 230 * monthly,
        cost: 23 * monthly,
        cost_of_sure_and_agreed: 23 * monthly * (114 / 200),
      },
      local_first: { saves: 23 * monthly * 0.6, agreement: { share: 0.97, low: 0.9361, high: 0.9862 } },
      album_lane: { batch_share: 0.4, saves: 9.2 * monthly * 0.5 },
    });
  });

  test('without a comparison nothing is claimed', async () => {
    expect(await stats.savingOptions(30)).toMatchObject({
      compared: 0,
      is_enough: false,
      agreement_when_sure: { share: 0, low: 0, high: 1 },
      local_first: { saves: 0 },
      album_lane: { saves: 0 },
    });
  });

  describe('a series', () => {
    const stepOf = async (from: number, stepMs: number) => {
      const { step, points } = await stats.series({ from, to: noon, stepMs });
      return [step, points.length];
    };

    test('has a point for every step, also where nothing happened', async () => {
      await store.saveActivity(
        activityOf({ photos: [photoOf({ at: noon - 10 * minute }), photoOf({ at: noon - 1 })] }),
      );
      const { points } = await stats.series({ from: noon - hour, to: noon, stepMs: 5 * minute });
      expect(points.map(({ photos }) => photos)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
      expect(points[10]).toMatchObject({
        at: '2026-06-15T11:50:00.000Z',
        llm: 1,
        p50_ms: expect.any(Number),
      });
    });

    test('has longer steps than asked for where shorter ones are gone, or too many', async () => {
      expect(await stepOf(noon - hour, minute)).toEqual([60, 60]);
      expect(await stepOf(noon - 13 * hour, minute)).toEqual([120, 390]);
      expect(await stepOf(noon - day, minute)).toEqual([3600, 24]);
      expect(await stepOf(noon - 4 * day, minute)).toEqual([3600, 96]);
      expect((await stepOf(noon - 90 * day, hour))[0]).toBe(86_400);
      expect((await stepOf(noon - 400 * day, hour))[0]).toBe(86_400);
    });

    test('is refused where nothing lies between its ends', async () => {
      await expect(stats.series({ from: noon, to: noon, stepMs: minute })).rejects.toMatchObject({
        status: 400,
      });
    });
  });

  describe('the users with the most requests', () => {
    const countOf = async (days: number) => (await stats.topUsers(days, 5)).users[0]?.request_count;

    test('of a week are those of now, of a month those of ten minutes ago at most', async () => {
      await store.saveActivity(activityOf({ requests: [requestOf({ at: noon, dayAt: noon - 12 * hour })] }));
      expect([await countOf(7), await countOf(30)]).toEqual([1, 1]);
      await store.saveActivity(activityOf({ requests: [requestOf({ at: noon, dayAt: noon - 12 * hour })] }));
      expect([await countOf(7), await countOf(30)]).toEqual([2, 1]);
      clock.at += 11 * minute;
      expect(await countOf(30)).toBe(2);
    });
  });

  describe('maintenance', () => {
    test('makes reports of many days before a caller has to wait for them', async () => {
      const one = (userId: string) => requestOf({ at: noon, dayAt: noon - 12 * hour, userId });
      const uniqueOf = async (days: number) => (await stats.topUsers(days, 5)).unique;
      await store.saveActivity(activityOf({ requests: [{ ...one('anna'), claimant: claimantOf('anna') }] }));
      await stats.maintenance.run();
      await store.saveActivity(activityOf({ requests: [{ ...one('bert'), claimant: claimantOf('bert') }] }));
      expect([await uniqueOf(7), await uniqueOf(30), await uniqueOf(90)]).toEqual([2, 1, 1]);
      clock.at += 9 * minute;
      expect(await uniqueOf(90)).toBe(1);
      await stats.maintenance.run();
      expect([await uniqueOf(30), await uniqueOf(90)]).toEqual([2, 2]);
    });

    test('removes minutes and hours that are past, and keeps days', async () => {
      await store.saveActivity(
        activityOf({ photos: [photoOf({ at: noon - 5 * day }), photoOf({ at: noon - 200 * day })] }),
      );
      await stats.maintenance.run();
      const photos = async (level: 'minute' | 'hour' | 'day') => {
        const sums = await store.reports.sumTallies({ level, from: 0, to: noon, stepMs: 0 }, ['upload']);
        return sums.reduce((sum, { n }) => sum + n, 0);
      };
      expect([await photos('minute'), await photos('hour'), await photos('day')]).toEqual([0, 1, 2]);
    });

    test('counts the cache now and then', async () => {
      expect((await stats.cacheEfficiency()).counted_at).toBeUndefined();
      await stats.maintenance.run();
      expect(await stats.cacheEfficiency()).toMatchObject({
        total_cached_images: 0,
        counted_at: '2026-06-15T12:00:00.000Z',
      });
      clock.at += 5 * minute;
      await stats.maintenance.run();
      expect((await stats.cacheEfficiency()).counted_at).toBe('2026-06-15T12:00:00.000Z');
      clock.at += 6 * minute;
      await stats.maintenance.run();
      expect((await stats.cacheEfficiency()).counted_at).toBe('2026-06-15T12:11:00.000Z');
    });
  });
}

describe('on SQLite', () => describeReports(sqliteFixture));

describeWithMysql('on MySQL', (server) => describeReports(() => mysqlFixture(server)));

test('an answer costs on average what all calls did, failed ones too', () => {
  const savings = openSavings();
  expect([savings.photoMicro(), savings.uploadBytes()]).toEqual([0, 0]);
  savings.learn({ answers: 1, spentMicro: 100, uploads: 1, uploadedBytes: 50 });
  savings.called(50, false);
  savings.called(150, true);
  savings.uploaded(150);
  expect([savings.photoMicro(), savings.uploadBytes()]).toEqual([150, 100]);
});

test('a sample of photos is shown to both models, and no caller waits for the second one', async () => {
  const compared: unknown[] = [];
  const answering = (category: string) => ({
    classify: async () => ({
      classification: { category, confidence: 1, method: 'llm' as const, model: 'm' },
      from: 'model' as const,
      degraded: false,
      written: Promise.resolve(),
    }),
  });
  const photo = fakePhoto(Buffer.from('photo'));
  const context = {
    deadline: { leftMs: () => 1000 },
    signal: new AbortController().signal,
    lane: 'single',
  } as const;
  let chance = 0.5;
  let isFree = true;
  const shadowed = (other: ReturnType<typeof answering>) =>
    withShadow(answering('pets'), other, {
      percent: 20,
      isSure: () => true,
      isFree: () => isFree,
      onCompared: (...one) => compared.push(one),
      random: () => chance,
    }).classify(photo, context);
  await shadowed(answering('pets'));
  chance = 0.1;
  await shadowed(answering('pets'));
  await shadowed(answering('foods'));
  await shadowed({ classify: () => Promise.reject(new Error('no model')) });
  await shadowed({ classify: () => new Promise(() => {}) });
  isFree = false;
  await shadowed(answering('pets'));
  expect(compared).toEqual([
    ['pets', true, true],
    ['pets', false, true],
  ]);
});
