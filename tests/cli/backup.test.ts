import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  globSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { backup, restore } from '../../src/cli/backup.ts';
import { configFrom } from '../../src/config.ts';
import { sayIn } from '../../src/messages/text.ts';
import { resultOf } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';
import { runCli } from './run-cli.ts';

let fixture: Awaited<ReturnType<typeof sqliteFixture>>;
let folder: string;
let copy: string;
beforeEach(async () => {
  fixture = await sqliteFixture();
  folder = dirname(fixture.file);
  copy = join(folder, 'copy.db');
  const store = fixture.open();
  await store.migrate();
  await store.saveResults([resultOf('kept')]);
  await store.close();
});
afterEach(() => fixture.remove());

const context = () => ({ folder, say: sayIn('en') });
const config = () => configFrom({ SQLITE_FILE: fixture.file });
const run = (command: typeof backup, file: string) => command(config(), [file], context());
const stored = async () => (await fixture.rows('SELECT 1 FROM results')).length;

test('a backup is made while a service writes, and restored once no service runs', {
  timeout: 60_000,
}, async () => {
  const store = fixture.open();
  await store.migrate();
  let written = 0;
  let isOver = false;
  const writing = (async () => {
    for (; !isOver; written++) {
      await store.saveResults([resultOf(`photo ${written}`)]);
      await nextTurn();
    }
  })();
  const cli = (...args: string[]) => runCli(folder, args, { SQLITE_FILE: fixture.file });
  const made = await cli('backup', 'copy.db');
  isOver = true;
  await writing;
  expect([made.code, made.err]).toEqual([0, '']);
  expect(written).toBeGreaterThan(0);
  expect(statSync(copy).mode & 0o777).toBe(0o600);

  const refused = await cli('restore', 'copy.db');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('stop the service first');
  expect(globSync(join(folder, '*.restoring'))).toEqual([]);
  expect(await stored()).toBe(written + 1);

  await store.close();
  const restored = await cli('restore', 'copy.db');
  expect([restored.code, restored.err]).toEqual([0, '']);
  expect(await stored()).toBeLessThanOrEqual(written);
  const [kept = ''] = globSync(join(folder, '*.replaced-*'));
  using before = new DatabaseSync(kept, { readOnly: true });
  expect(before.prepare('SELECT COUNT(*) AS rows FROM results').get()).toEqual({ rows: written + 1 });
  expect(globSync(join(folder, '*.{partial,restoring}'))).toEqual([]);
});

test('a damaged database is replaced, too', async () => {
  run(backup, 'copy.db');
  writeFileSync(fixture.file, 'no database');
  run(restore, 'copy.db');
  expect(await stored()).toBe(1);
});

test('the service can open what another user restores', () => {
  const isRoot = process.getuid?.() === 0;
  const access = () => {
    const { uid, gid, mode } = statSync(fixture.file);
    return { uid, gid, mode: mode & 0o777 };
  };
  run(backup, 'copy.db');
  chmodSync(fixture.file, 0o640);
  if (isRoot) chownSync(fixture.file, 1234, 1235);
  const before = access();
  run(restore, 'copy.db');
  expect(access()).toEqual(before);

  if (isRoot) chownSync(folder, 1236, 1237);
  const { uid, gid } = statSync(folder);
  rmSync(fixture.file);
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  run(restore, 'copy.db');
  const said = out.mock.calls.join('');
  out.mockRestore();
  expect(said).toContain(fixture.file);
  expect(said).toContain('There was no database before');
  expect(access()).toEqual({ uid, gid, mode: 0o600 });
});

test.each<[string, () => unknown, string]>([
  ['no file', () => backup(config(), [], context()), 'backup needs one file'],
  ['an existing target', () => run(backup, fixture.file), 'replaces no file'],
  ['a folder that is missing', () => run(backup, 'nowhere/copy.db'), "can't be copied to"],
  ['a missing backup', () => run(restore, 'nowhere.db'), 'There is no file'],
  [
    'MySQL',
    () => backup(configFrom({ DATABASE_URL: 'mysql://me@db.lan/album' }), ['copy.db'], context()),
    'docs/backup.md',
  ],
])('%s is told and changes nothing', (_, command, words) => {
  const before = readFileSync(fixture.file);
  expect(command).toThrow(words);
  expect(readFileSync(fixture.file).equals(before)).toBe(true);
  expect(existsSync(copy)).toBe(false);
});

function changed(change: (database: DatabaseSync) => void): string {
  run(backup, 'copy.db');
  using database = new DatabaseSync(copy);
  change(database);
  return 'copy.db';
}

function damaged(): string {
  const file = changed((database) => {
    database.exec('PRAGMA journal_mode = DELETE');
  });
  const bytes = readFileSync(copy);
  bytes.fill(0xff, 8 * 4096, 12 * 4096);
  writeFileSync(copy, bytes);
  return file;
}

test.each<[string, () => string, RegExp]>([
  ['damaged', damaged, /damaged|malformed/],
  [
    'of a newer release',
    () => changed((database) => database.exec("INSERT INTO schema_migrations VALUES ('999-future', 'x', 0)")),
    /newer release \(999-future\)/,
  ],
  [
    'of another program',
    () => changed((database) => database.exec('DROP TABLE schema_migrations')),
    /no database of album-classifier/,
  ],
  [
    'no database at all',
    () => {
      copyFileSync('package.json', copy);
      return 'copy.db';
    },
    /file is not a database/,
  ],
])('a backup that is %s is refused, and the database stays', async (_, made, words) => {
  const file = made();
  expect(() => run(restore, file)).toThrow(words);
  expect(await stored()).toBe(1);
  expect(globSync(join(folder, '*.{partial,restoring,replaced-*}'))).toEqual([]);
});

test('only wrong usage is told of --help, not what is in the way', async () => {
  copyFileSync(fixture.file, copy);
  const cli = (...args: string[]) => runCli(folder, args, { SQLITE_FILE: fixture.file });
  const ends = await Promise.all([cli('backup', 'copy.db'), cli('undo', '--data', 'data'), cli('backup')]);
  expect(ends.map(({ code }) => code)).toEqual([2, 2, 2]);
  const [isThere, nothing, usage] = ends.map(({ err }) => err);
  expect(isThere).toBe(`${copy} exists; a backup replaces no file.\n`);
  expect(nothing).toBe('there is no move to undo\n');
  expect(usage).toMatch(/^backup needs one file\n\nTry .* --help\n$/);
});
