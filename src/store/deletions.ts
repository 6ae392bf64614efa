import { hexKey, versionKey } from './columns.ts';
import { StatementError } from './outage.ts';

/** What can be forgotten, and by what. */
export interface Deletion {
  readonly of: 'results' | 'claims' | 'feedback' | 'photos' | 'requests' | 'days' | 'refusals' | 'leases';
  /** What was written (a lease: ran out) earlier than that, in Unix milliseconds; */
  readonly before?: number;
  /** or is that claimant's; */
  readonly claimant?: string;
  /** or goes by that hash: of bytes, or as it was claimed; */
  readonly hash?: string;
  /** or claims that it is that content; */
  readonly content?: string;
  /** or has that version, as `versions` names it; */
  readonly version?: string;
  /** or was used least recently. */
  readonly leastUsed?: true;
}

type Selector = Exclude<keyof Deletion, 'of'>;

interface TableOf {
  readonly table: string;
  /** Columns by which single rows are deleted; those of `binary` are bytes. */
  readonly key: readonly string[];
  readonly columns: Readonly<Partial<Record<Selector, string>>>;
}

export const tables: Readonly<Record<Deletion['of'], TableOf>> = {
  results: {
    table: 'results',
    key: ['sha256', 'version'],
    columns: { before: 'created_at_ms', hash: 'sha256', version: 'version', leastUsed: 'used_at_ms' },
  },
  claims: {
    table: 'hash_claims',
    key: ['claimed', 'claimant'],
    columns: { before: 'at_ms', claimant: 'claimant', hash: 'claimed', content: 'content' },
  },
  feedback: {
    table: 'feedback',
    key: ['claimant', 'hash'],
    columns: { before: 'at_ms', claimant: 'claimant', hash: 'hash' },
  },
  photos: {
    table: 'photos',
    key: ['at_ms', 'id'],
    columns: { before: 'at_ms', claimant: 'claimant', hash: 'sha256' },
  },
  requests: { table: 'requests', key: ['at_ms', 'id'], columns: { before: 'at_ms', claimant: 'claimant' } },
  // On which days somebody came, and how often.
  days: {
    table: 'day_users',
    key: ['day_ms', 'claimant'],
    columns: { before: 'day_ms', claimant: 'claimant' },
  },
  refusals: { table: 'refusals', key: ['sha256', 'version'], columns: { hash: 'sha256' } },
  leases: { table: 'leases', key: ['name'], columns: { before: 'expires_at_ms' } },
};

/** A condition that both databases read, its one parameter (bytes as hex), and the column whose order goes first. */
export interface Condition {
  readonly sql: string;
  readonly value: number | string;
  readonly isBytes: boolean;
  readonly column: string;
}

/** @throws StatementError that table can't be asked for that */
export function conditionOf(deletion: Deletion): Condition {
  const { columns } = tables[deletion.of];
  const selectors = (Object.keys(columns) as Selector[]).filter((one) => deletion[one] !== undefined);
  const [selector] = selectors;
  const column = selector && columns[selector];
  if (selectors.length !== 1 || selector === undefined || column === undefined)
    throw new StatementError('BAD_DELETION', `Rows of ${deletion.of} can't be chosen like that.`);
  switch (selector) {
    case 'before':
      return { sql: `${column} < ?`, value: deletion.before ?? 0, isBytes: false, column };
    case 'leastUsed':
      return { sql: `${column} > ?`, value: -1, isBytes: false, column };
    case 'version':
      return { sql: `${column} = ?`, value: versionKey(deletion.version ?? ''), isBytes: false, column };
    case 'claimant':
      return { sql: `${column} = ?`, value: hexKey(deletion.claimant ?? '', 16), isBytes: true, column };
    default:
      return { sql: `${column} = ?`, value: hexKey(deletion[selector] ?? '', 32), isBytes: true, column };
  }
}

/** One version of results, as operators see it. */
export interface VersionCount {
  readonly version: string;
  readonly results: number;
  /** Unix milliseconds. */
  readonly oldest: number;
  readonly newest: number;
}

export const versionsSql = `SELECT version, COUNT(*) AS results, MIN(created_at_ms) AS oldest,
  MAX(created_at_ms) AS newest FROM results GROUP BY version ORDER BY newest DESC`;

/** What the cache holds, for operators. */
export interface CacheCounts {
  readonly versions: readonly VersionCount[];
  readonly results: number;
  readonly claims: number;
  /** Hashes whose claims are for photos that look different: never shared. */
  readonly conflictingHashes: number;
  readonly feedback: number;
}

export const countSql = {
  claims: 'SELECT COUNT(*) AS n FROM hash_claims',
  conflictingHashes: 'SELECT COUNT(*) AS n FROM claim_verdicts WHERE conflicts > 0',
  feedback: 'SELECT COUNT(*) AS n FROM feedback',
} as const;

export function countsOf(
  versions: readonly Readonly<Record<string, unknown>>[],
  [claims, conflictingHashes, feedback]: readonly [number, number, number],
): CacheCounts {
  const listed = versions.map(({ version, results, oldest, newest }) => ({
    version: String(version),
    results: Number(results),
    oldest: Number(oldest),
    newest: Number(newest),
  }));
  const results = listed.reduce((sum, one) => sum + one.results, 0);
  return { versions: listed, results, claims, conflictingHashes, feedback };
}
