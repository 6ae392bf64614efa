import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { ClaimTrust, Found } from '../../src/store/entities.ts';
import type { Store } from '../../src/store/store.ts';
import { lookupOf } from './rows.ts';

/** A place for one database, empty at first, and a way to look into it beside the store. */
export interface StoreFixture {
  /** Tables of the records of photos and of requests. */
  readonly records: { readonly photos: string; readonly requests: string };
  /** Another store on the same database, as another process would open it. */
  open(hooks?: { onStatement?: (sql: string) => void; migrations?: URL; trust?: ClaimTrust }): Store;
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Changes something behind the store's back. */
  change(sql: string): Promise<unknown>;
  /** Deletes all rows but the history of migrations. */
  empty(): Promise<void>;
  remove(): Promise<void>;
}

/** What the test at hand works on. */
export interface StorePlace {
  readonly kind: Store['kind'];
  readonly fixture: StoreFixture;
  /** Migrated and empty. */
  readonly store: Store;
  /** Statements that `store` has sent. */
  statements: number;
  find(name: string, claimant?: string): Promise<Found | undefined>;
}

/** One migrated database for all tests, empty at the beginning of each. */
export function storePlace(kind: Store['kind'], prepare: () => Promise<StoreFixture>): StorePlace {
  let fixture: StoreFixture;
  let current: { fixture: StoreFixture; store: Store } | undefined;
  const now = () => {
    if (current === undefined) throw new Error('a place exists within a test only');
    return current;
  };
  const place = {
    kind,
    get fixture() {
      return now().fixture;
    },
    get store() {
      return now().store;
    },
    statements: 0,
    find: async (name: string, claimant?: string) =>
      (await now().store.findResults([lookupOf(name, claimant)]))[0],
  };

  beforeAll(async () => {
    fixture = await prepare();
    const store = fixture.open();
    await store.migrate();
    await store.close();
  });

  beforeEach(async () => {
    await fixture.empty();
    const store = fixture.open({
      onStatement: () => {
        place.statements += 1;
      },
    });
    current = { fixture, store };
    place.statements = 0;
  });

  afterEach(async () => {
    await now().store.close();
    current = undefined;
  });

  afterAll(() => fixture.remove());

  return place;
}
