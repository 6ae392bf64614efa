import type { Store } from '../../src/store/store.ts';
import { describeClaims } from './store-claims.ts';
import { describeConcurrency } from './store-concurrency.ts';
import { describeLeases } from './store-leases.ts';
import { describeLife } from './store-life.ts';
import { describeNearDuplicates } from './store-near-duplicates.ts';
import { type StoreFixture, storePlace } from './store-place.ts';
import { describeResults } from './store-results.ts';
import { describeRollups } from './store-rollups.ts';
import { describeSpend } from './store-spend.ts';

/** What every driver must do. */
export function describeStore(kind: Store['kind'], prepare: () => Promise<StoreFixture>): void {
  const place = storePlace(kind, prepare);
  describeResults(place);
  describeClaims(place);
  describeLeases(place);
  describeLife(place);
  describeNearDuplicates(place);
  describeConcurrency(place);
  describeSpend(place);
  describeRollups(place);
}
