import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimOf, resultOf, sha256Of } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';

let fixture: Awaited<ReturnType<typeof sqliteFixture>>;
beforeEach(async () => {
  fixture = await sqliteFixture();
  const store = fixture.open();
  await store.migrate();
  await store.saveResults([
    resultOf('a', { version: 'old', createdAt: Date.UTC(2026, 0, 1) }),
    resultOf('a', { version: 'new', createdAt: Date.UTC(2026, 1, 1) }),
    resultOf('b', { version: 'new', createdAt: Date.UTC(2026, 1, 3) }),
  ]);
  await store.saveClaims([claimOf('user:anna', 'x', 'a')]);
  await store.close();
});
afterEach(() => fixture.remove());

async function cli(...words: string[]) {
  const env = { PATH: process.env.PATH, SQLITE_FILE: fixture.file };
  return promisify(execFile)(process.execPath, ['src/cli.ts', ...words], { env }).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    ({ code, stderr }) => ({ code, output: stderr }),
  );
}

test('versions are listed, and an old one is dropped', async () => {
  expect((await cli('versions')).output).toBe(
    'new  2 results, 2026-02-01 to 2026-02-03\nold  1 result, 2026-01-01 to 2026-01-01\n',
  );
  expect((await cli('drop', 'old')).output).toBe('deleted 1 result of old\n');
  expect((await cli('versions')).output).not.toContain('old');
});

test('a user is forgotten with counts', async () => {
  expect((await cli('forget', 'user', 'anna')).output).toContain('claims: 1 deleted');
  expect((await cli('forget', 'hash', sha256Of('a'))).output).toContain('results: 2 deleted');
  expect((await cli('forget', 'before', '2026-03-01')).output).toContain('results: 1 deleted');
});

test.each([
  [['forget']],
  [['forget', 'user']],
  [['forget', 'hash', 'abc']],
  [['forget', 'before', 'soon']],
  [['drop']],
])('%j is wrong usage, and deletes nothing', async (words) => {
  expect((await cli(...words)).code).toBe(2);
  expect(await fixture.rows('SELECT 1 FROM results')).toHaveLength(3);
});

test('a store that cannot be opened is told in Chinese', async () => {
  const { file } = fixture;
  Object.assign(fixture, { file: 'package.json/album.db' });
  const { code, output } = await cli('versions', '--lang', 'zh').finally(() =>
    Object.assign(fixture, { file }),
  );
  expect({ code, output: output.split('\n')[0] }).toEqual({
    code: 2,
    output: '无法打开数据库（SQLite, package.json/album.db）：数据库暂时不可用，请稍后再试。',
  });
});
