import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** One file of `migrations/<driver>/`: `NNN-name.sql`, run once, in the order of its number, never edited. */
export interface Migration {
  /** The file's name without `.sql`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the text, line ends normalised: a checkout on Windows is the same migration. */
  readonly checksum: string;
}

export const migrationsUrl = new URL('../../migrations/', import.meta.url);

/** @throws Error naming a file whose name says no order, or two with the same number */
export function readMigrations(folder: URL): readonly Migration[] {
  const names = readdirSync(folder).filter((file) => file.endsWith('.sql'));
  const numbers = new Set<string>();
  for (const file of names) {
    const number = /^(\d{3})-[a-z0-9-]+\.sql$/.exec(file)?.[1];
    if (number === undefined || numbers.has(number))
      throw new Error(`migration ${file}: its name must be NNN-name.sql with a number of its own`);
    numbers.add(number);
  }
  return names.sort().map((file) => {
    const sql = readFileSync(new URL(file, folder), 'utf8').replaceAll('\r\n', '\n');
    const checksum = createHash('sha256').update(sql).digest('hex');
    return { name: file.slice(0, -'.sql'.length), sql, checksum };
  });
}

/** An applied migration no longer reads as it did when it ran: the schema can't be trusted to be what the code expects. */
export class EditedMigrationError extends Error {
  constructor(name: string) {
    super(
      `The migration ${name} was changed after it ran; restore the file and put the change into a new one.`,
    );
    this.name = 'EditedMigrationError';
  }
}

/**
 * What still has to run. A name in `applied` that no file bears is a newer release's, and is left alone.
 * @param applied checksum by name
 * @throws EditedMigrationError
 */
export function pendingOf(
  migrations: readonly Migration[],
  applied: ReadonlyMap<string, string>,
): readonly Migration[] {
  return migrations.filter(({ name, checksum }) => {
    const ran = applied.get(name);
    if (ran !== undefined && ran !== checksum) throw new EditedMigrationError(name);
    return ran === undefined;
  });
}

/** The statements of a migration for drivers that take one at a time: each ends with `;` at the end of its line. */
export function statementsOf(sql: string): readonly string[] {
  return sql
    .replace(/^\s*--.*$/gm, '')
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
