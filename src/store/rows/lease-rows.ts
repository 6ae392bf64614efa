import type { LeaseRequest, LeaseState } from '../lease.ts';
import { hexOf } from './columns.ts';

/** A lease as both drivers read it. */
export interface LeaseRow {
  readonly name: Uint8Array;
  readonly owner: Uint8Array;
  readonly token: number;
  readonly left_ms: number;
}

/** The state of each lease, in the order of the requests. One without a row was released just now. */
export function leaseStates(requests: readonly LeaseRequest[], rows: readonly LeaseRow[]): LeaseState[] {
  const byName = new Map(rows.map((row) => [hexOf(row.name), row]));
  return requests.map(({ name, owner }) => {
    const row = byName.get(name.toLowerCase());
    return {
      isOwn: row !== undefined && hexOf(row.owner) === owner.toLowerCase(),
      token: Number(row?.token ?? 0),
      leftMs: Math.max(0, Number(row?.left_ms ?? 0)),
    };
  });
}
