import { expect, test } from 'vitest';
import { mysqlFixture } from '../contracts/mysql-place.ts';
import {
  activityOf,
  claimantOf,
  claimOf,
  fingerprintOf,
  lookupOf,
  photoOf,
  requestOf,
  resultOf,
  sha256Of,
  version,
} from '../contracts/rows.ts';
import { describeWithMysql } from '../support/mysql.ts';

/** Forms that a sharded or replicated database can't run, or that make writers of different photos wait for each other. */
const refusedForms: Readonly<Record<string, RegExp>> = {
  'reads more than one table': /JOIN\b|\bFROM\s+`?\w+`?(\s+\w+)?\s*,/i,
  'reads within a statement': /\(\s*SELECT\b/i,
  'writes what it reads': /\b(INSERT|REPLACE)\b.*\bSELECT\b/is,
  'updates several tables': /\bUPDATE\s+(?!.*\bKEY UPDATE\b)`?\w+`?(\s+\w+)?\s*,/i,
  'deletes from several tables': /\bDELETE\s+(?!FROM\b)|\bDELETE\s+FROM\b.*\bUSING\b/is,
  'locks what it reads': /\bFOR\s+(UPDATE|SHARE)\b|\bLOCK\s+IN\s+SHARE\s+MODE\b/i,
  'takes a lock by name, or locks tables': /\b(GET|RELEASE|IS_FREE)_LOCK\b|^\s*LOCK\s+TABLES\b/i,
  'changes the session': /^\s*(SET|USE)\b/i,
  'changes the schema': /^\s*(ALTER|CREATE|DROP|TRUNCATE|RENAME)\b/i,
  'reads a whole table': /\bCOUNT\s*\(|^(?!.*\bWHERE\b)\s*(SELECT|UPDATE|DELETE)\b/is,
  'depends on the server that runs it': /\b(UUID|UUID_SHORT|LAST_INSERT_ID)\s*\(/i,
};

function faultsOf(sql: string): string[] {
  return Object.entries(refusedForms)
    .filter(([, form]) => form.test(sql))
    .map(([fault]) => fault);
}

test.each([
  'UPDATE (SELECT ? AS sha256, ? AS hits UNION ALL SELECT ?, ?) h STRAIGHT_JOIN results r ON r.sha256 = h.sha256 SET r.hits = r.hits + h.hits',
  'UPDATE llm_spend m STRAIGHT_JOIN llm_spend d ON d.period = ? SET m.spent_micro = 1, d.spent_micro = 1 WHERE m.period = ?',
  'UPDATE results r, album_claims c SET r.hits = 1 WHERE r.sha256 = c.content',
  'DELETE r FROM results r WHERE r.sha256 = ?',
  'DELETE FROM r USING results AS r WHERE r.sha256 = ?',
  'SELECT c.claimed FROM album_claims c LEFT JOIN results r ON r.sha256 = c.content WHERE c.claimant = ?',
  'SELECT r.sha256 FROM results r, album_claims c WHERE r.sha256 = c.content',
  'SELECT COALESCE((SELECT content FROM album_claims WHERE claimant = ?), (SELECT sha256 FROM results WHERE sha256 = ?)) AS content',
  'REPLACE INTO album_claims (claimant) SELECT claimant FROM hash_claims WHERE claimed = ?',
  'INSERT INTO answers (hash) SELECT sha256 FROM results r WHERE r.sha256 < ?',
  'SELECT sha256 FROM results WHERE sha256 = ? FOR UPDATE',
  'SELECT sha256 FROM results WHERE sha256 = ? FOR SHARE',
  'SELECT sha256 FROM results WHERE sha256 = ? LOCK IN SHARE MODE',
  'SELECT GET_LOCK(?, ?) AS got',
  'SET TRANSACTION ISOLATION LEVEL READ COMMITTED',
  'DELETE FROM refusals ORDER BY until_ms LIMIT 100',
  'SELECT COUNT(*) AS n FROM album_claims WHERE claimant = ?',
  'ALTER TABLE photos ADD KEY photos_claimant (claimant)',
])('a statement of this form is refused: %s', (sql) => {
  expect(faultsOf(sql)).not.toEqual([]);
});

describeWithMysql('the hot path on MySQL', (server) => {
  test('sends statements that name one table and whole keys, to a schema without links between rows', async () => {
    const { open, rows, remove } = await mysqlFixture(server);
    const statements: string[] = [];
    const store = open({ onStatement: (sql) => statements.push(sql) });
    await store.migrate();
    const claimant = claimantOf('anna');
    const photo = { sha256: sha256Of('a'), version };
    const periods = ['2026-11-22', '2026-11'] as const;
    await store.saveResults([resultOf('a'), resultOf('b')]);
    await store.saveClaims([claimOf('anna', 'original', 'a')]);
    await store.saveFingerprints([{ claimant, content: sha256Of('a'), fingerprint: fingerprintOf('a') }]);
    await store.findResults([lookupOf('a'), lookupOf('original', 'anna'), lookupOf('b', 'bert')]);
    await store.findNearDuplicates(claimant, [5], version);
    await store.countHits([{ ...photo, count: 2, at: 5 }], claimantOf('batch'));
    await store.saveActivity(
      activityOf({ photos: [photoOf()], requests: [requestOf()] }),
      claimantOf('another'),
    );
    const [lease] = await store.acquireLeases([{ name: sha256Of('a'), owner: claimant, ttlMs: 9000 }]);
    const held = { name: sha256Of('a'), owner: claimant, ttlMs: 9000, token: lease?.token ?? 0 };
    await store.renewLeases([held]);
    await store.releaseLeases([held]);
    await store.reserveSpend(5, [
      { period: periods[0], capMicro: 9 },
      { period: periods[1], capMicro: 99 },
    ]);
    await store.addSpend(-1, periods);
    await store.saveRefusal({ ...photo, until: 9_000_000_000_000 });
    await store.findRefusal(photo);
    await store.saveFeedback({ claimant, hash: sha256Of('a'), category: 'foods', at: 5 });
    await store.ping();
    await store.close();

    expect(statements.length).toBeGreaterThan(20);
    expect(statements.flatMap((sql) => faultsOf(sql).map((fault) => `${fault}: ${sql}`))).toEqual([]);

    expect(
      await rows(`SELECT constraint_name FROM information_schema.referential_constraints
        WHERE constraint_schema = DATABASE()`),
    ).toEqual([]);
    expect(
      await rows('SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()'),
    ).toEqual([]);
    const written = new Set(
      statements.flatMap((sql) => /(?:INTO|^UPDATE)\s+(\w+)/i.exec(sql)?.slice(1) ?? []),
    );
    expect([...written].sort()).toMatchInlineSnapshot(`
      [
        "album_claims",
        "corrections",
        "day_users",
        "duration_tallies",
        "fingerprints",
        "leases",
        "llm_spend",
        "photo_records",
        "refusals",
        "request_records",
        "results",
        "store_probe",
        "tallies",
        "write_batches",
      ]
    `);
    const listed = [...written].map((table) => `'${table}'`).join(', ');
    expect(
      await rows(`SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = DATABASE() AND extra LIKE '%auto_increment%' AND table_name IN (${listed})`),
    ).toEqual([]);
    expect(
      await rows(`SELECT table_name, column_name FROM information_schema.statistics
        WHERE table_schema = DATABASE() AND index_name = 'PRIMARY' AND seq_in_index = 1
          AND column_name = 'at_ms' AND table_name IN (${listed})`),
    ).toEqual([]);
    expect(
      await rows(`SELECT table_name FROM information_schema.tables t
        WHERE table_schema = DATABASE() AND NOT EXISTS (SELECT 1 FROM information_schema.statistics s
          WHERE s.table_schema = t.table_schema AND s.table_name = t.table_name AND s.index_name = 'PRIMARY')`),
    ).toEqual([]);
    await remove();
  });
});
