import { hourMs } from '../../durations.ts';
import type { Activity, Sum } from '../activity.ts';
import type { RollupLevel } from './report-store.ts';

/** As the database numbers them. */
export const levels: Readonly<Record<RollupLevel, number>> = { minute: 0, hour: 1, day: 2 };

/** Rows to add to what the tables hold, in the order of their keys, so that no two writers wait for each other. */
export interface RollupRows {
  /** level, at_ms, topic, name, n, amount */
  readonly tallies: readonly (readonly (string | number)[])[];
  /** level, at_ms, topic, name, n, sum_ms, then every bucket */
  readonly durations: readonly (readonly (string | number)[])[];
  /** day_ms, claimant (hex), user_id, requests, photos, hits, failed, first_at_ms, last_at_ms */
  readonly users: readonly (readonly (string | number)[])[];
}

/** What that activity adds to the roll-ups of every level. */
export function rollupRows({ sums, users }: Pick<Activity, 'sums' | 'users'>): RollupRows {
  const tallies = new Map<string, (string | number)[]>();
  const durations = new Map<string, (string | number)[]>();
  for (const sum of sums)
    for (const [level, at] of momentsOf(sum)) {
      const { topic, name, n, amount } = sum;
      const key = `${level} ${sortable(at)} ${topic} ${name}`;
      const head = [level, at, topic, name];
      add(tallies, key, head, [n, Math.round(amount)]);
      if (sum.durations)
        add(durations, key, head, [sum.durations.n, sum.durations.sumMs, ...sum.durations.buckets]);
    }
  const userRows = new Map(
    users.map((user) => [
      `${sortable(user.dayAt)} ${user.claimant}`,
      [
        ...[user.dayAt, user.claimant, user.userId, user.requests, user.photos, user.hits, user.failed],
        ...[user.firstAt, user.lastAt],
      ],
    ]),
  );
  return { tallies: sorted(tallies), durations: sorted(durations), users: sorted(userRows) };
}

function momentsOf({ at, dayAt }: Sum): readonly (readonly [level: number, at: number])[] {
  return [
    [levels.minute, at],
    [levels.hour, at - (at % hourMs)],
    [levels.day, dayAt],
  ];
}

const sortable = (at: number): string => String(at).padStart(16, '0');

function add(
  rows: Map<string, (string | number)[]>,
  key: string,
  head: readonly (string | number)[],
  values: readonly number[],
): void {
  const row = rows.get(key);
  if (row)
    for (const [index, value] of values.entries())
      row[head.length + index] = Number(row[head.length + index]) + value;
  else rows.set(key, [...head, ...values]);
}

function sorted(rows: ReadonlyMap<string, (string | number)[]>): readonly (readonly (string | number)[])[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
