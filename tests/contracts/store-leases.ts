import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { LeaseRequest } from '../../src/store/lease.ts';
import { sha256Of } from './rows.ts';
import type { StorePlace } from './store-place.ts';

const leaseOn = (name: string, ttlMs = 60_000): LeaseRequest => ({
  name: sha256Of(name),
  owner: randomBytes(16).toString('hex'),
  ttlMs,
});

/** Leases among processes. */
export function describeLeases(place: StorePlace): void {
  describe('leases', () => {
    const acquire = async (request: LeaseRequest) => {
      const [state] = await place.store.acquireLeases([request]);
      if (state === undefined) throw new Error('every request has a state');
      return state;
    };

    test('are one owner’s until they are released', async () => {
      const [mine, yours] = [leaseOn('x'), leaseOn('x')];
      const { isOwn, token, leftMs } = await acquire(mine);
      expect(isOwn).toBe(true);
      expect(leftMs).toBeGreaterThan(50_000);
      expect(leftMs).toBeLessThanOrEqual(60_000);
      expect(await acquire(yours)).toMatchObject({ isOwn: false, token });
      await place.store.releaseLeases([{ ...mine, token }]);
      expect((await acquire(yours)).isOwn).toBe(true);
    });

    test('are another’s once their time is up, with a larger token', async () => {
      const [mine, yours] = [leaseOn('x', 30), leaseOn('x')];
      const first = await acquire(mine);
      await expect.poll(async () => (await acquire(yours)).isOwn, { interval: 10 }).toBe(true);
      expect((await acquire(yours)).token).toBeGreaterThan(first.token);
    });

    test('of a late owner can’t be renewed or released any more', async () => {
      const [mine, yours] = [leaseOn('x', 30), leaseOn('x')];
      const held = { ...mine, token: (await acquire(mine)).token };
      await expect.poll(async () => (await acquire(yours)).isOwn, { interval: 10 }).toBe(true);
      await place.store.renewLeases([held]);
      await place.store.releaseLeases([held]);
      await place.store.releaseLeases([{ ...held, owner: yours.owner }]);
      expect(await acquire(leaseOn('x'))).toMatchObject({ isOwn: false });
    });

    test('live on when they are renewed', async () => {
      const mine = leaseOn('x', 40);
      const held = { ...mine, token: (await acquire(mine)).token };
      await place.store.renewLeases([{ ...held, ttlMs: 60_000 }]);
      const { isOwn, leftMs } = await acquire(leaseOn('x'));
      expect(isOwn).toBe(false);
      expect(leftMs).toBeGreaterThan(50_000);
    });

    test('that run out absurdly late, as after a clock was set back, are waited for as long as the waiter’s own', async () => {
      const mine = leaseOn('x');
      const { token } = await acquire(mine);
      const farAhead = () =>
        place.fixture.change('UPDATE leases SET expires_at_ms = expires_at_ms + 31536000000');
      await farAhead();
      expect((await acquire(leaseOn('x', 5000))).leftMs).toBeLessThanOrEqual(5000);
      // A living owner is none the worse for it.
      await place.store.renewLeases([{ ...mine, token }]);
      expect((await acquire(leaseOn('x'))).leftMs).toBeGreaterThan(50_000);
      await farAhead();
      const yours = leaseOn('x', 30);
      await expect.poll(async () => (await acquire(yours)).isOwn, { interval: 10 }).toBe(true);
      expect((await acquire(yours)).token).toBeGreaterThan(token);
    });

    test('go to exactly one of many concurrent requests, list by list', async () => {
      const names = ['a', 'b', 'c', 'd', 'e'];
      const stores = [place.store, place.fixture.open(), place.fixture.open(), place.fixture.open()];
      const lists = stores.map((_, index) =>
        names.map((_, at) => leaseOn(names[(at + index) % names.length] ?? '')),
      );
      const states = await Promise.all(stores.map((store, index) => store.acquireLeases(lists[index] ?? [])));
      await Promise.all(stores.slice(1).map((store) => store.close()));
      const owned = states.flatMap((list, index) =>
        list.flatMap(({ isOwn }, at) => (isOwn ? [lists[index]?.[at]?.name] : [])),
      );
      expect(owned.sort()).toEqual(names.map(sha256Of).sort());
    });
  });
}
