import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { forget } from '../../src/cache/forget.ts';
import { openResultCache } from '../../src/cache/result-cache.ts';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import type { Store } from '../../src/store/store.ts';
import { mysqlFixture } from '../contracts/mysql-place.ts';
import {
  activityOf,
  claimantOf,
  claimOf,
  fingerprintOf,
  photoOf,
  requestOf,
  resultOf,
  sha256Of,
} from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import type { StoreFixture } from '../contracts/store-place.ts';
import { describeWithMysql } from '../support/mysql.ts';

let fixture: Awaited<ReturnType<typeof sqliteFixture>>;
let store: Store;
beforeEach(async () => {
  fixture = await sqliteFixture();
  store = fixture.open();
  await store.migrate();
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

test('a photo is forgotten with what a vendor refused', async () => {
  const until = 9_000_000_000_000;
  for (const name of ['x', 'y']) {
    await store.saveResults([resultOf(name)]);
    await store.saveRefusal({ sha256: sha256Of(name), version: 'v1', until });
  }
  expect(await forget(store, { hash: sha256Of('x') })).toMatchObject({ results: 1, refusals: 1 });
  expect([
    (await fixture.rows('SELECT 1 FROM results')).length,
    (await fixture.rows('SELECT 1 FROM refusals')).length,
  ]).toEqual([1, 1]);
});

test('another process has what was forgotten in memory for its time, and no longer', async () => {
  const memoryMs = 300;
  const result = resultOf('x');
  await store.saveResults([result]);
  const other = openResultCache({
    results: withGroupCommit(store),
    version: result.version,
    provisionalMs: 60_000,
    isProvisional: () => false,
    memoryEntries: 10,
    memoryMs,
    onWriteFailure() {},
  });
  expect(await other.find(result.sha256)).toMatchObject({ from: 'store' });
  await store.maintenance.deleteSome({ of: 'results', hash: result.sha256 }, 10);
  expect(await other.find(result.sha256)).toMatchObject({ from: 'memory' });
  await expect.poll(() => other.find(result.sha256), { timeout: 10 * memoryMs }).toBeUndefined();
});

test('a user of many apps is forgotten in one pass over each table', async () => {
  const claimants = ['anna', 'anna of app 1', 'anna of app 2'].map(claimantOf);
  const records = claimants.map((claimant) => photoOf({ claimant }));
  const many = Array.from({ length: 100 }, () => records).flat();
  await store.saveActivity(activityOf({ photos: [...many, photoOf({ claimant: claimantOf('bert') })] }));
  const asked: string[] = [];
  const maintenance = {
    ...store.maintenance,
    deleteSome(...[deletion, ...rest]: Parameters<Store['maintenance']['deleteSome']>) {
      asked.push(deletion.of);
      return store.maintenance.deleteSome(deletion, ...rest);
    },
  };
  expect(await forget({ maintenance }, { claimants })).toMatchObject({ photos: 300 });
  expect(asked.filter((of) => of === 'requests')).toHaveLength(1);
  expect(await fixture.rows('SELECT 1 FROM photos')).toHaveLength(1);
});

const users = ['anna', 'bert', 'cleo', 'dora'].map((name) => `${name}-whose-id-is-searched`);

/** Everything that a store keeps of a user, in so many rows that pages are split again and again. */
async function fillWithUsers(filled: Store): Promise<void> {
  for (let round = 0; round < 80; round += 1)
    for (const user of users) {
      const photos = Array.from({ length: 6 }, (_, at) => `photo ${round}/${at} of ${user}`);
      const by = { claimant: claimantOf(user), userId: user, at: 1000 + round };
      await filled.saveResults(photos.map((photo) => resultOf(photo)));
      await filled.saveClaims(photos.map((photo) => claimOf(user, `original of ${photo}`, photo)));
      await filled.saveFeedback({
        claimant: claimantOf(user),
        hash: sha256Of(`original of ${photos[0]}`),
        category: 'foods',
        at: round,
      });
      await filled.saveFingerprints(
        photos.map((photo, bits) => ({
          claimant: claimantOf(user),
          content: sha256Of(photo),
          fingerprint: fingerprintOf(photo, bits),
        })),
      );
      await filled.saveActivity(
        activityOf({
          photos: photos.map((photo) => photoOf({ ...by, sha256: sha256Of(photo) })),
          requests: [requestOf(by)],
        }),
      );
    }
  const body = JSON.stringify({ users: users.map((user_id) => ({ user_id })) });
  await filled.reports.saveSnapshot('users-30', { body, at: 1 });
}

/** A user's id and what it is filed under. */
const traces = (user: string) => [Buffer.from(user), Buffer.from(claimantOf(user), 'hex')];

async function forgottenIn(place: StoreFixture, tracesOf: (user: string) => Promise<number>): Promise<void> {
  const filled = place.open();
  await filled.migrate();
  await fillWithUsers(filled);
  const [anna = '', bert = '', ...others] = users;
  for (const user of users) expect([user, await tracesOf(user)]).not.toEqual([user, 0]);
  for (const user of [anna, bert]) {
    const {
      results: _,
      refusals: __,
      ...forgotten
    } = await forget(filled, { claimants: [claimantOf(user)] });
    expect(forgotten).toEqual({
      ...{ claims: 560, feedback: 80, fingerprints: 480, photos: 480, requests: 80 },
      days: 1,
    });
    expect([user, await tracesOf(user)]).toEqual([user, 0]);
  }
  for (const user of others) expect([user, await tracesOf(user)]).not.toEqual([user, 0]);
  await filled.close();
  await place.remove();
}

test('of a user forgotten nothing is left in any file of SQLite', async () => {
  const place = await sqliteFixture();
  const folder = dirname(place.file);
  await forgottenIn(place, async (user) => {
    const files = readdirSync(folder).map((file) => readFileSync(join(folder, file)));
    return traces(user).flatMap((trace) => files.filter((bytes) => bytes.includes(trace))).length;
  });
}, 60_000);

describeWithMysql('on MySQL', (server) => {
  test('of a user forgotten no table has a row', async () => {
    const place = await mysqlFixture(server);
    const tables = 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()';
    await forgottenIn(place, async (user) => {
      let found = 0;
      for (const { name } of await place.rows(tables))
        for (const row of await place.rows(`SELECT * FROM ${name}`))
          for (const value of Object.values(row)) {
            const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value));
            if (traces(user).some((trace) => bytes.includes(trace))) found += 1;
          }
      return found;
    });
  }, 120_000);
});
