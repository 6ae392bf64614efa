import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { dayMs } from '../../src/durations.ts';
import { openMysqlStore } from '../../src/store/mysql/store.ts';
import { mysqlDatabase } from '../contracts/mysql-place.ts';
import { activityOf, claimantOf, photoOf, requestOf, sha256Of } from '../contracts/rows.ts';
import { describeWithMysql, mysqlRows } from '../support/mysql.ts';

describeWithMysql('records on MySQL', (server) => {
  const place = mysqlDatabase(server);
  const store = place.open();
  let today = 0;
  const at = (days: number) => today + days * dayMs + 1000;
  const { dropDays, deleteSome } = store.maintenance;

  beforeAll(async () => {
    await store.migrate();
    const [first] = await place.rows(`SELECT partition_description AS ends FROM information_schema.partitions
      WHERE table_schema = DATABASE() AND table_name = 'photo_records' AND partition_ordinal_position = 1`);
    today = Number(first?.ends) - dayMs;
  });
  beforeEach(() => place.empty());
  afterAll(async () => {
    await store.close();
    await place.remove();
  });

  const daysOf = async (table = 'photo_records') =>
    (
      await place.rows(`SELECT partition_name AS name FROM information_schema.partitions
        WHERE table_schema = DATABASE() AND table_name = '${table}' ORDER BY partition_ordinal_position`)
    ).map(({ name }) => String(name));
  const dayName = (days: number) => `d${new Date(at(days)).toISOString().slice(0, 10).replaceAll('-', '')}`;
  const recordsOf = async (table: string) =>
    (await place.rows(`SELECT at_ms FROM ${table} ORDER BY at_ms`)).map(({ at_ms }) => Number(at_ms));
  const save = (days: readonly number[]) =>
    store.saveActivity(
      activityOf({
        photos: days.map((day) => photoOf({ at: at(day) })),
        requests: days.map((day) => requestOf({ at: at(day) })),
      }),
    );

  test('have a partition for each day, made a week ahead', async () => {
    const week = [0, 1, 2, 3, 4, 5, 6, 7].map(dayName);
    expect(await daysOf()).toEqual([...week, 'future']);
    expect(await daysOf('request_records')).toEqual([...week, 'future']);
    await dropDays(0, at(2));
    expect(await daysOf()).toEqual([...week, dayName(8), dayName(9), 'future']);
    await dropDays(0, at(2));
    expect(await daysOf()).toHaveLength(11);
  });

  test('go with their day, and a day that is kept in part is kept', async () => {
    await save([-3, 0, 1, 2]);
    expect(await dropDays(at(2), at(2))).toBe(today + 2 * dayMs);
    expect(await recordsOf('photo_records')).toEqual([at(2)]);
    expect(await recordsOf('request_records')).toEqual([at(2)]);
    expect((await daysOf())[0]).toBe(dayName(2));
  });

  test('have a place where no day was made for them, and keep it when one is', async () => {
    await save([300, 301]);
    await dropDays(0, at(300));
    expect(await recordsOf('photo_records')).toEqual([at(300), at(301)]);
    await dropDays(at(301), at(301));
    expect(await recordsOf('photo_records')).toEqual([at(301)]);
  });

  test('of the release before are forgotten and deleted, too', async () => {
    await place.change(`INSERT INTO photos (at_ms, request_id, claimant, network, kind, outcome, sha256, degraded, duration_ms)
      VALUES (${at(0)}, 'r', X'${claimantOf('anna')}', '', 'upload', 'llm', X'${sha256Of('photo')}', 0, 1),
        (${at(0)}, 'r', X'${claimantOf('bert')}', '', 'upload', 'llm', X'${sha256Of('photo')}', 0, 1),
        (${at(1)}, 'r', X'${claimantOf('cleo')}', '', 'upload', 'llm', NULL, 0, 1)`);
    await save([0, 1]);
    const photos = { of: 'photos' } as const;
    expect(await deleteSome({ ...photos, claimants: [claimantOf('anna')] }, 2)).toBe(2);
    expect(await deleteSome({ ...photos, claimants: [claimantOf('anna')] }, 2)).toBe(1);
    expect(await deleteSome({ ...photos, hash: sha256Of('photo') }, 9)).toBe(1);
    await save([0, 1]);
    expect(await deleteSome({ ...photos, before: at(1) }, 9)).toBe(1);
    expect(await deleteSome({ ...photos, before: at(1) + 1 }, 9)).toBe(2);
  });

  test('rotate in one table while a transaction holds the other', async () => {
    await dropDays(0, at(310));
    await save([310, 311]);
    const { host, port, user, password } = server;
    const other = await createConnection({ host, port, user, password, database: place.database });
    onTestFinished(() => other.destroy());
    await other.query('START TRANSACTION');
    await other.query('SELECT COUNT(*) FROM photo_records');
    await expect(dropDays(at(311), at(311))).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await recordsOf('photo_records')).toEqual([at(310), at(311)]);
    expect(await recordsOf('request_records')).toEqual([at(311)]);
    await other.query('COMMIT');
    await dropDays(at(311), at(311));
    expect(await recordsOf('photo_records')).toEqual([at(311)]);
  });

  test('of failures are listed with those that the release before wrote', async () => {
    const failed = (day: number, requestId: string) =>
      photoOf({ at: at(day), requestId, outcome: 'failed', errorCode: 'timeout' });
    await place.change(`INSERT INTO photos (at_ms, request_id, claimant, network, kind, outcome, degraded, duration_ms, error_code)
      VALUES (${at(3)}, 'old', X'${claimantOf('anna')}', '', 'upload', 'failed', 0, 1, 'timeout')`);
    await store.saveActivity(activityOf({ photos: [failed(2, 'before'), failed(4, 'after')] }));
    const listed = async (limit: number) =>
      (await store.reports.failedPhotos(at(0), limit)).map(({ requestId }) => requestId);
    expect(await listed(9)).toEqual(['after', 'old', 'before']);
    expect(await listed(2)).toEqual(['after', 'old']);
  });

  test('are found by keys when they are forgotten, and when failures are listed', async () => {
    await save(Array.from({ length: 500 }, () => 0));
    await place.rows('ANALYZE TABLE photo_records, request_records');
    const keyOf = async (sql: string) => (await place.rows(`EXPLAIN FORMAT=TRADITIONAL ${sql}`))[0]?.key;
    const claimant = `claimant IN (X'${claimantOf('bert')}', X'${claimantOf('cleo')}')`;
    expect(await keyOf(`DELETE FROM photo_records WHERE ${claimant} ORDER BY claimant LIMIT 9`)).toBe(
      'PRIMARY',
    );
    expect(
      await keyOf(`SELECT at_ms FROM photo_records WHERE at_ms >= ${at(0)} AND outcome = 'failed'
      ORDER BY at_ms DESC LIMIT 9`),
    ).toBe('photo_records_outcome');
  });

  test('are deleted one by one where the user may not alter tables', async () => {
    const user = `album_${sha256Of(place.database).slice(0, 8)}`;
    await mysqlRows(server, `CREATE USER '${user}'@'%' IDENTIFIED BY 'p@ss:/ö'`);
    await mysqlRows(
      server,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON \`${place.database}\`.* TO '${user}'@'%'`,
    );
    const own = { ...server, user, password: 'p@ss:/ö', database: place.database };
    const few = openMysqlStore({ ...own, poolSize: 1, statementTimeoutMs: 10_000 });
    await save([398, 399, 400]);
    const before = await few.maintenance.dropDays(at(400), at(400));
    expect(before).toBe(today + 400 * dayMs);
    expect(await few.maintenance.deleteSome({ of: 'photos', before }, 9)).toBe(2);
    expect(await recordsOf('photo_records')).toEqual([at(400)]);
    await few.close();
    await mysqlRows(server, `DROP USER '${user}'@'%'`);
  });

  test('have days added and dropped without the limit of a report', async () => {
    const own = { ...server, database: place.database, poolSize: 1 };
    const hasty = openMysqlStore({ ...own, statementTimeoutMs: 10_000, reportTimeoutMs: 1 });
    await hasty.maintenance.dropDays(0, at(402));
    expect(await daysOf()).toContain(dayName(409));
    await hasty.close();
  });

  // The last test: what it does to the table stays.
  test('are deleted one by one where their table has no partitions', async () => {
    await place.change('ALTER TABLE photo_records REMOVE PARTITIONING');
    await save([499, 500]);
    const before = await dropDays(at(500), at(500));
    expect(await deleteSome({ of: 'photos', before }, 9)).toBe(1);
    expect(await recordsOf('photo_records')).toEqual([at(500)]);
  });
});
