import { expect, test } from 'vitest';
import { withGroupCommit } from '../../src/store/group-commit.ts';
import { resultOf, sha256Of, version } from '../contracts/rows.ts';
import { sqliteFixture } from '../contracts/sqlite-place.ts';

test('a hit is counted after its result is written, however long that takes', async () => {
  const fixture = await sqliteFixture();
  const store = fixture.open();
  await store.migrate();
  const slow = Promise.withResolvers<void>();
  const grouped = withGroupCommit({
    ...store,
    async saveResults(results) {
      await slow.promise;
      await store.saveResults(results);
    },
  });
  const written = grouped.saveResults([resultOf('photo')]);
  grouped.countHit({ sha256: sha256Of('photo'), version, at: 1 });
  const flushed = grouped.flush();
  slow.resolve();
  await Promise.all([written, flushed]);
  expect(await fixture.rows('SELECT hits FROM results')).toEqual([{ hits: 1 }]);
  await store.close();
  await fixture.remove();
});
