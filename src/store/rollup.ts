import { bounded, columnSize, hexKey, wholeNumber } from './columns.ts';
import { bucketCount, bucketOf } from './duration-buckets.ts';
import type { PhotoRecord, RequestRecord } from './store.ts';

/**
 * Something counted:
 * `upload`, `lookup` (photos by outcome; bytes sent, or not sent), `degraded` (photos by outcome), `saved` (hits that
 * an LLM would have been asked for; millionths of a currency unit), `category` (answered photos; confidences in
 * millionths), `error` (failed photos by code), `route` (requests), `asked` (hashes asked for by route; those that
 * hit), `sent` (photos uploaded by route; those that failed), `call` (LLM calls by outcome), `spent` (LLM calls by
 * provider; millionths), `tokens` (calls by direction; tokens), `agree` (photos that both models were asked for, by
 * the LLM's category; those on which they agree), `fallback` (by reason), `test` (answers of the local model alone).
 */
export interface Tally {
  /** Unix milliseconds. */
  readonly at: number;
  /** When that moment's day began, in Unix milliseconds. */
  readonly dayAt: number;
  readonly topic: string;
  readonly name: string;
  readonly n: number;
  readonly amount: number;
  readonly durationMs?: number;
}

export const levels = { minute: 0, hour: 1, day: 2 } as const;

export const minuteMs = 60_000;
export const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** Rows to add to what the tables hold, in the order of their keys, so that no two writers wait for each other. */
export interface RollupRows {
  /** level, at_ms, topic, name, n, amount */
  readonly tallies: readonly (readonly (string | number)[])[];
  /** level, at_ms, topic, name, n, sum_ms, then every bucket */
  readonly durations: readonly (readonly (string | number)[])[];
  /** day_ms, claimant (hex), user_id, requests, photos, hits, failed, first_at_ms, last_at_ms */
  readonly users: readonly (readonly (string | number)[])[];
}

const hitOutcomes: ReadonlySet<string> = new Set(['memory', 'store', 'claim', 'flight', 'near']);

/** Answered without asking a model for it. */
export function isHit(outcome: string): boolean {
  return hitOutcomes.has(outcome);
}

export function photoTallies(record: PhotoRecord): readonly Tally[] {
  const { outcome, kind } = record;
  const one = tallyAt(record);
  const bytes = kind === 'upload' ? record.sizeBytes : record.avoidedBytes;
  const tallies = [
    one(kind, outcome, { amount: bytes ?? 0 }),
    one('photo', outcome, { durationMs: record.durationMs }),
  ];
  if (record.degraded) tallies.push(one('degraded', outcome));
  if (record.savedMicro !== undefined) tallies.push(one('saved', outcome, { amount: record.savedMicro }));
  if (outcome === 'failed') tallies.push(one('error', record.errorCode ?? 'unknown'));
  else if (record.category !== undefined)
    tallies.push(one('category', record.category, { amount: (record.confidence ?? 0) * 1_000_000 }));
  return tallies;
}

export function requestTallies(record: RequestRecord): readonly Tally[] {
  const one = tallyAt(record);
  const tallies = [one('route', record.route, { durationMs: record.durationMs })];
  if (record.lookups > 0)
    tallies.push(one('asked', record.route, { n: record.lookups, amount: record.lookupHits }));
  if (record.uploads > 0)
    tallies.push(one('sent', record.route, { n: record.uploads, amount: record.failed ?? 0 }));
  return tallies;
}

function tallyAt({ at, dayAt }: { readonly at: number; readonly dayAt?: number }) {
  const moment = { at, dayAt: dayAt ?? at - (at % dayMs) };
  return (
    topic: string,
    name: string,
    counted: Partial<Pick<Tally, 'n' | 'amount' | 'durationMs'>> = {},
  ): Tally => ({
    ...moment,
    topic,
    name,
    n: 1,
    amount: 0,
    ...counted,
  });
}

/** What those tallies add to the roll-ups of every level. A duration goes into its buckets alone, or also. */
export function rollupRows(
  tallies: readonly Tally[],
  records: { readonly photos?: readonly PhotoRecord[]; readonly requests?: readonly RequestRecord[] } = {},
): RollupRows {
  const sums = new Map<string, (string | number)[]>();
  const durations = new Map<string, (string | number)[]>();
  for (const tally of tallies) {
    const name = bounded(tally.name, columnSize.tallyName);
    for (const [level, at] of momentsOf(tally)) {
      const key = keyOf(level, at, tally.topic, name);
      add(sums, key, [level, at, tally.topic, name, 0, 0], [4, tally.n], [5, Math.round(tally.amount)]);
      if (tally.durationMs === undefined) continue;
      const ms = wholeNumber(tally.durationMs);
      const empty = [level, at, tally.topic, name, 0, 0, ...new Array<number>(bucketCount).fill(0)];
      add(durations, key, empty, [4, 1], [5, ms], [6 + bucketOf(ms), 1]);
    }
  }
  return { tallies: sorted(sums), durations: sorted(durations), users: userRows(records) };
}

function momentsOf({ at, dayAt }: Tally): readonly (readonly [level: number, at: number])[] {
  return [
    [levels.minute, at - (at % minuteMs)],
    [levels.hour, at - (at % hourMs)],
    [levels.day, dayAt],
  ];
}

function userRows({
  photos = [],
  requests = [],
}: {
  readonly photos?: readonly PhotoRecord[];
  readonly requests?: readonly RequestRecord[];
}): RollupRows['users'] {
  const users = new Map<string, (string | number)[]>();
  const count = (record: PhotoRecord | RequestRecord, ...sums: readonly (readonly [number, number])[]) => {
    if (record.userId === undefined) return;
    const day = tallyAt(record)('', '').dayAt;
    const claimant = hexKey(record.claimant, 16);
    const key = `${String(day).padStart(16, '0')} ${claimant}`;
    const name = bounded(record.userId, columnSize.userId);
    add(users, key, [day, claimant, name, 0, 0, 0, 0, record.at, record.at], ...sums);
    const row = users.get(key) ?? [];
    row[7] = Math.min(Number(row[7]), record.at);
    row[8] = Math.max(Number(row[8]), record.at);
  };
  for (const record of requests) count(record, [3, 1]);
  for (const record of photos)
    count(record, [4, 1], [5, isHit(record.outcome) ? 1 : 0], [6, record.outcome === 'failed' ? 1 : 0]);
  return sorted(users);
}

function keyOf(level: number, at: number, topic: string, name: string): string {
  return `${level} ${String(at).padStart(16, '0')} ${topic} ${name}`;
}

function add(
  rows: Map<string, (string | number)[]>,
  key: string,
  empty: (string | number)[],
  ...sums: readonly (readonly [column: number, value: number])[]
): void {
  const row = rows.get(key) ?? empty;
  rows.set(key, row);
  for (const [column, value] of sums) row[column] = Number(row[column]) + value;
}

function sorted(rows: ReadonlyMap<string, (string | number)[]>): readonly (readonly (string | number)[])[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
