import { randomBytes } from 'node:crypto';

/** One version of results, as operators see it. */
export interface VersionCount {
  readonly version: string;
  readonly results: number;
  /** Unix milliseconds: of those that were read. */
  readonly oldest: number;
  readonly newest: number;
}

/** What the cache holds, for operators. */
export interface CacheCounts {
  readonly versions: readonly VersionCount[];
  readonly results: number;
  readonly claims: number;
  readonly feedback: number;
  /** Whether a number comes from a sample: most are then within 2 % of the true one, nearly all within 5 %. */
  readonly isEstimate: boolean;
}

type Row = Readonly<Record<string, unknown>>;
type Read = (sql: string, values: readonly (string | number)[]) => Promise<readonly Row[]>;

/** A sample of at least so many rows is enough; fewer rows are counted one by one. */
const enough = 2_000;
/** The smallest sample: one row in a million. */
const mostDigits = 5;

interface Count {
  readonly rows: number;
  readonly isEstimate: boolean;
  /** As `sql` has it, of the rows that were read. */
  readonly row: Row | undefined;
}

/**
 * Counts rows without reading all of a large table. Hashes are spread evenly, so those that begin with the same hex
 * digits, chosen at random, stand for all: with 16 times as many for each digit.
 * @param sql counts rows as `n`, and ends where a condition on a hash goes on with BETWEEN
 */
async function countByHash(read: Read, sql: string, values: readonly string[] = []): Promise<Count> {
  for (let digits = mostDigits; ; digits -= 1) {
    const beginning = randomBytes(3).toString('hex').slice(0, digits);
    const range = [beginning.padEnd(64, '0'), beginning.padEnd(64, 'f')];
    const [row] = await read(`${sql} BETWEEN UNHEX(?) AND UNHEX(?)`, [...values, ...range]);
    const counted = Number(row?.n ?? 0);
    if (counted >= enough || digits === 0)
      return { rows: counted * 16 ** digits, isEstimate: digits > 0, row };
  }
}

export async function countResults(read: Read): Promise<number> {
  return (await countByHash(read, 'SELECT COUNT(*) AS n FROM results WHERE sha256')).rows;
}

/**
 * How many results there are beyond that many, exactly: deletions must not follow the error of a sample. Counts them
 * one by one only where a sample says that there are more. 10 million take a fraction of a second on SQLite and some
 * seconds on MySQL; finding the row at an OFFSET takes longer.
 * @param byVersion as for `cacheCounts`: the smallest index
 */
export async function resultsBeyond(read: Read, byVersion: string, most: number): Promise<number> {
  const { rows, isEstimate } = await countByHash(read, 'SELECT COUNT(*) AS n FROM results WHERE sha256');
  if (!isEstimate || rows <= most) return Math.max(0, rows - most);
  const [row] = await read(`SELECT COUNT(*) AS n FROM results ${byVersion}`, []);
  return Math.max(0, Number(row?.n ?? 0) - most);
}

/** @param byVersion makes the database use the index `results_version` */
export async function cacheCounts(read: Read, byVersion: string): Promise<CacheCounts> {
  const counts: Count[] = [];
  const versions: VersionCount[] = [];
  for (let last = ''; ; ) {
    const [next] = await read(
      `SELECT version FROM results ${byVersion} WHERE version > ? ORDER BY version LIMIT 1`,
      [last],
    );
    if (!next) break;
    last = String(next.version);
    const count = await countByHash(
      read,
      `SELECT COUNT(*) AS n, MIN(created_at_ms) AS oldest, MAX(created_at_ms) AS newest
        FROM results ${byVersion} WHERE version = ? AND sha256`,
      [last],
    );
    const { rows: results, row } = count;
    counts.push(count);
    if (results > 0)
      versions.push({ version: last, results, oldest: Number(row?.oldest), newest: Number(row?.newest) });
  }
  const claims = await countByHash(read, 'SELECT COUNT(*) AS n FROM album_claims WHERE claimed');
  const feedback = await countByHash(read, 'SELECT COUNT(*) AS n FROM corrections WHERE hash');
  return {
    versions: versions.sort((a, b) => b.newest - a.newest),
    results: versions.reduce((sum, one) => sum + one.results, 0),
    claims: claims.rows,
    feedback: feedback.rows,
    isEstimate: [...counts, claims, feedback].some(({ isEstimate }) => isEstimate),
  };
}
