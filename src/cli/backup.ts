import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Config } from '../config.ts';
import { type Say, text } from '../messages/text.ts';
import { migrationsUrl, pendingOf, readMigrations } from '../store/migrate.ts';
import { BlockedError, UsageError } from './usage-error.ts';

interface BackupContext {
  /** What relative paths start from. */
  readonly folder: string;
  readonly say: Say;
}

/** Of a connection that other processes may be locking out for a moment. */
const lockWaitMs = 5_000;

/**
 * Copies the SQLite database to a new file; a service may use it meanwhile. @returns exit code
 * @throws UsageError
 */
export function backup(config: Config, words: readonly string[], { folder, say }: BackupContext): number {
  const target = fileNamed('backup', words, folder);
  const file = sqliteFile(config, 'backup');
  if (!existsSync(file)) throw new BlockedError(text('There is no database {file}.', { file }));
  if (existsSync(target))
    throw new BlockedError(text('{file} exists; a backup replaces no file.', { file: target }));
  copyDatabase(file, target);
  print(say('{target}: {size}, all that {source} holds.', { target, size: sizeOf(target), source: file }));
  return 0;
}

/**
 * Replaces the SQLite database by a backup, and keeps what it replaces. @returns exit code
 * @throws UsageError a service uses the database, or the backup can't be used
 */
export function restore(config: Config, words: readonly string[], { folder, say }: BackupContext): number {
  const source = fileNamed('restore', words, folder);
  const file = sqliteFile(config, 'restore');
  if (!existsSync(source)) throw new BlockedError(text('There is no file {file}.', { file: source }));
  const copy = `${file}.restoring`;
  rmSync(copy, { force: true });
  let kept: string | undefined;
  try {
    copyDatabase(source, copy);
    giveAccess(copy, file);
    kept = setAside(file);
    renameSync(copy, file);
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  }
  print(say('{target}: {size}, all that {source} holds.', { target: file, size: sizeOf(file), source }));
  if (kept === undefined)
    print(say('There was no database before: check that the service has this file as SQLITE_FILE.'));
  else print(say('What it held before is in {file}.', { file: kept }));
  print(say('Repeat deletions (forget) that were made after the backup, then start the service.'));
  return 0;
}

function fileNamed(command: string, [file, ...rest]: readonly string[], folder: string): string {
  if (file === undefined || rest.length > 0)
    throw new UsageError(text('{command} needs one file', { command }));
  return resolve(folder, file);
}

function sqliteFile({ store }: Config, command: string): string {
  if (store.kind === 'sqlite') return resolve(store.file);
  throw new BlockedError(
    text(
      '{command} is for SQLite, and the configuration names a MySQL database: docs/backup.md says how to use its own tools.',
      { command },
    ),
  );
}

/**
 * Writes one consistent state, without deleted rows, to a new file that appears under its name when it is complete.
 * @throws UsageError
 */
function copyDatabase(from: string, to: string): void {
  const partial = `${to}.partial`;
  try {
    rmSync(partial, { force: true });
    // It holds user ids and hashes of keys.
    closeSync(openSync(partial, 'wx', 0o600));
    using source = new DatabaseSync(from, { timeout: lockWaitMs });
    checkVersion(source, from);
    source.prepare('VACUUM INTO ?').run(partial);
    checkIntegrity(partial, from);
    flush(partial);
    renameSync(partial, to);
  } catch (error) {
    rmSync(partial, { force: true });
    if (error instanceof UsageError) throw error;
    throw new BlockedError(
      text("{from} can't be copied to {to}: {reason}", { from, to, reason: (error as Error).message }),
    );
  }
}

/** Root restores for a service with a user of its own, which must be able to open the file. */
function giveAccess(copy: string, file: string): void {
  const replaced = statSync(file, { throwIfNoEntry: false });
  const { uid, gid } = replaced ?? statSync(dirname(file));
  // That user may write to the folder, and could put a link in the place of the copy.
  const descriptor = openSync(copy, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    if (process.getuid?.() === 0) fchownSync(descriptor, uid, gid);
    if (replaced) fchmodSync(descriptor, replaced.mode & 0o777);
  } finally {
    closeSync(descriptor);
  }
}

/** @throws UsageError it holds something else, or what a newer release wrote */
function checkVersion(database: DatabaseSync, file: string): void {
  const hasHistory = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'").get();
  if (!hasHistory) throw new BlockedError(text('{file} is no database of album-classifier.', { file }));
  const migrations = readMigrations(new URL('sqlite/', migrationsUrl));
  const rows = database.prepare('SELECT name, checksum FROM schema_migrations').all();
  const applied = new Map(rows.map(({ name, checksum }) => [String(name), String(checksum)]));
  pendingOf(migrations, applied);
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...applied.keys()].filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new BlockedError(
      text('{file} was written by a newer release ({migrations}): update album-classifier first.', {
        file,
        migrations: unknown.join(', '),
      }),
    );
}

/** @throws UsageError */
function checkIntegrity(copy: string, from: string): void {
  using database = new DatabaseSync(copy, { readOnly: true });
  const [first] = database.prepare('PRAGMA integrity_check(1)').all();
  const found = String(first?.integrity_check);
  if (found !== 'ok') throw new BlockedError(text('{file} is damaged: {found}', { file: from, found }));
}

/** `VACUUM INTO` leaves that to its caller: https://sqlite.org/lang_vacuum.html */
function flush(file: string): void {
  const descriptor = openSync(file, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/**
 * Moves a database that no process uses to another name, with the files that belong to it.
 * @returns that name; undefined if there is none
 * @throws UsageError a process uses it
 */
function setAside(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  checkUnused(file);
  const kept = `${file}.replaced-${new Date().toISOString().replaceAll(/[:.]/g, '')}`;
  for (const suffix of ['-wal', '-shm', ''])
    if (existsSync(file + suffix)) renameSync(file + suffix, kept + suffix);
  return kept;
}

/** The change of the journal's mode needs the only connection, and writes the journal into the file. */
function checkUnused(file: string): void {
  try {
    using database = new DatabaseSync(file, { timeout: 0 });
    database.exec('PRAGMA journal_mode = DELETE');
  } catch (error) {
    const primaryCode = Number(Reflect.get(error as Error, 'errcode')) & 0xff;
    const [busy, locked] = [5, 6];
    if (primaryCode === busy || primaryCode === locked)
      throw new BlockedError(text('A process uses {file}: stop the service first.', { file }));
    // A damaged file is a reason to restore; a process that still uses it notices that it is replaced.
  }
}

const sizeOf = (file: string) => `${(statSync(file).size / 1_000_000).toFixed(1)} MB`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
