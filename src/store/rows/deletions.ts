import { StatementError } from '../outage.ts';
import { hexKey, versionKey } from './columns.ts';

/** Selects rows of one table by one of its properties. */
export interface Deletion {
  readonly of:
    | 'results'
    | 'claims'
    | 'feedback'
    | 'fingerprints'
    | 'photos'
    | 'requests'
    | 'days'
    | 'refusals'
    | 'leases'
    | 'reports'
    | 'batches'
    | 'erasures';
  /** What was written (a lease or a refusal: ended) earlier than that, in Unix milliseconds; */
  readonly before?: number;
  /** or is of one of these claimants; */
  readonly claimants?: readonly string[];
  /** or has that hash: of bytes, or claimed; */
  readonly hash?: string;
  /** or is about that content; */
  readonly content?: string;
  /** or has that version, as `versions` names it; */
  readonly version?: string;
  /** or was used least recently; */
  readonly leastUsed?: true;
  /** or names users. */
  readonly namesUsers?: true;
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
    table: 'album_claims',
    key: ['claimant', 'claimed'],
    columns: { before: 'at_ms', claimants: 'claimant', hash: 'claimed', content: 'content' },
  },
  feedback: {
    table: 'corrections',
    key: ['claimant', 'hash'],
    columns: { before: 'at_ms', claimants: 'claimant', hash: 'hash', content: 'content' },
  },
  fingerprints: {
    table: 'fingerprints',
    key: ['claimant', 'bits', 'content'],
    columns: { claimants: 'claimant', content: 'content' },
  },
  photos: {
    table: 'photos',
    key: ['id'],
    columns: { before: 'at_ms', claimants: 'claimant', hash: 'sha256' },
  },
  requests: { table: 'requests', key: ['id'], columns: { before: 'at_ms', claimants: 'claimant' } },
  // Days on which a user sent requests, and how many.
  days: {
    table: 'day_users',
    key: ['day_ms', 'claimant'],
    columns: { before: 'day_ms', claimants: 'claimant' },
  },
  refusals: {
    table: 'refusals',
    key: ['sha256', 'version'],
    columns: { before: 'until_ms', hash: 'sha256' },
  },
  leases: { table: 'leases', key: ['name'], columns: { before: 'expires_at_ms' } },
  batches: { table: 'write_batches', key: ['id'], columns: { before: 'at_ms' } },
  erasures: { table: 'erasures', key: ['kind', 'name'], columns: { before: 'at_ms' } },
  // Of the users of the last months: see stats/user-reports.ts.
  reports: { table: 'report_snapshots', key: ['name'], columns: { namesUsers: 'name' } },
};

/** Rows about a content, which are deleted with its last result. */
export const dependants = ['claims', 'feedback', 'fingerprints'] as const satisfies Deletion['of'][];

/** Of those, how many rows one transaction deletes: a content may be claimed by very many. */
export const dependantsAtOnce = 200;

/** Contents (as hex) all of whose results are among those chosen: no other version of the answer is left. */
export function endingContents(chosen: readonly string[], counts: ReadonlyMap<string, number>): string[] {
  const groups = [...Map.groupBy(chosen, (content) => content)];
  return groups.filter(([content, { length }]) => length === counts.get(content)).map(([content]) => content);
}

/** What a run of calls that delete the same has behind it, where rows are found by reading the whole table. */
export interface DeletionPass {
  /** Rows with a lower id are done. */
  nextId?: number;
}

/** A condition for both databases, its one parameter (bytes as hex), and the column that orders the rows. */
export interface Condition {
  readonly sql: string;
  readonly value: number | string | readonly string[];
  readonly isBytes: boolean;
  readonly column: string;
}

/** @throws StatementError the table has no such property */
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
    case 'namesUsers':
      return { sql: `${column} LIKE ?`, value: 'users-%', isBytes: false, column };
    case 'version':
      return { sql: `${column} = ?`, value: versionKey(deletion.version ?? ''), isBytes: false, column };
    case 'claimants': {
      const value = (deletion.claimants ?? []).map((claimant) => hexKey(claimant, 16));
      return { sql: `${column} IN (?)`, value, isBytes: true, column };
    }
    default:
      return { sql: `${column} = ?`, value: hexKey(deletion[selector] ?? '', 32), isBytes: true, column };
  }
}
