import { expect, test } from 'vitest';
import { withWaitingResults } from '../../src/cache/with-waiting-results.ts';
import type { Claim, Found, Lookup, StoredResult } from '../../src/store/entities.ts';
import { Journal } from '../../src/store/journal/journal.ts';
import { outage } from '../../src/store/outage.ts';
import { claimOf, lookupOf, resultOf, sha256Of } from '../contracts/rows.ts';
import { recordingLogger } from '../store/recording-logger.ts';

/** A journal in memory, and a store that holds `stored` and may do something before it answers. */
function lookUps(entries: { results?: StoredResult[]; claims?: Claim[] }, stored: StoredResult[] = []) {
  const journal = new Journal({ maxBytes: 1e6, logger: recordingLogger().logger });
  journal.append([
    ...(entries.results ?? []).map((value) => ({ kind: 'results', value }) as const),
    ...(entries.claims ?? []).map((value) => ({ kind: 'claims', value }) as const),
  ]);
  const parts = { journal, beforeAnswer: () => {}, isDown: false, corrected: false, isServable: true };
  const results = {
    async findResults(lookups: readonly Lookup[]): Promise<(Found | undefined)[]> {
      if (parts.isDown) throw outage('it is down');
      const found = lookups.map(({ hash }) => stored.find(({ sha256 }) => sha256 === hash));
      parts.beforeAnswer();
      return found.map((result) => result && { ...result, via: 'verified' });
    },
  };
  const { findResults } = withWaitingResults({
    results,
    journal,
    mayHaveCorrected: () => parts.corrected,
    isServable: () => parts.isServable,
  });
  const find = async (claimant?: string) => (await findResults([lookupOf('original', claimant)]))[0];
  return { parts, find };
}

const claim = claimOf('anna', 'original', 'photo');

test('a claim that waits is found while its result is in the store already', async () => {
  const { find } = lookUps({ claims: [claim] }, [resultOf('photo')]);
  expect(await find('anna')).toMatchObject({ sha256: sha256Of('photo'), via: 'claim' });
  expect(await find('ben')).toBeUndefined();
});

test('what is written while the store is read is found', async () => {
  const { parts, find } = lookUps({ results: [resultOf('photo')], claims: [claim] });
  parts.beforeAnswer = () => {
    for (const kind of ['results', 'claims'] as const) parts.journal.oldest(kind, 10)?.pass();
  };
  expect(await find('anna')).toMatchObject({ sha256: sha256Of('photo'), via: 'claim' });
});

test('while the store is down, a result that waits and no longer counts is no miss', async () => {
  const { parts, find } = lookUps({ results: [resultOf('photo')], claims: [claim] });
  [parts.isDown, parts.isServable] = [true, false];
  await expect(find('anna')).rejects.toMatchObject({ code: 'store_unavailable' });
});

test('while the store is down, only who has no corrections is answered from what waits', async () => {
  const { parts, find } = lookUps({ results: [resultOf('photo')], claims: [claim] });
  parts.isDown = true;
  expect(await find('anna')).toBeDefined();
  parts.corrected = true;
  await expect(find('anna')).rejects.toMatchObject({ code: 'store_unavailable' });
  parts.isDown = false;
  expect(await find('anna')).toBeDefined();
});
