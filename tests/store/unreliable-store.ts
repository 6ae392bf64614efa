import { outage } from '../../src/store/outage.ts';
import type { Store } from '../../src/store/store.ts';

/** `down`: nothing reaches the store. `silent`: it writes, and its answers are lost. */
export type StoreFault = 'down' | 'silent' | undefined;

/** A store on the other side of a network that fails when it is told to. Knows that it is down as a breaker does. */
export function unreliableStore(store: Store) {
  let fault: StoreFault;
  async function act<T>(operation: () => Promise<T>): Promise<T> {
    if (fault === 'down') throw outage('it is down');
    const result = await operation();
    if (fault === 'silent') throw outage('its answer was lost');
    return result;
  }
  return {
    isUp: () => fault === undefined,
    fail(next: StoreFault): void {
      fault = next;
    },
    saveResults: (results: Parameters<Store['saveResults']>[0]) => act(() => store.saveResults(results)),
    saveClaims: (claims: Parameters<Store['saveClaims']>[0]) => act(() => store.saveClaims(claims)),
    saveFingerprints: (fingerprints: Parameters<Store['saveFingerprints']>[0]) =>
      act(() => store.saveFingerprints(fingerprints)),
    countHits: (...batch: Parameters<Store['countHits']>) => act(() => store.countHits(...batch)),
    saveActivity: (...batch: Parameters<Store['saveActivity']>) => act(() => store.saveActivity(...batch)),
    maintenance: {
      ...store.maintenance,
      findErasures: (since: number) => act(() => store.maintenance.findErasures(since)),
    },
  };
}
