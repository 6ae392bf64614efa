import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import type { openMysqlStore } from '../../src/store/mysql/store.ts';
import type { Store } from '../../src/store/store.ts';
import { mysqlFixture } from '../contracts/mysql-place.ts';
import {
  activityOf,
  claimantOf,
  claimOf,
  lookupOf,
  photoOf,
  resultOf,
  sha256Of,
  version,
} from '../contracts/rows.ts';
import { longTest } from '../support/long-test.ts';
import { describeWithMysql } from '../support/mysql.ts';

/** The last commit before migrations 060 and later. */
const releaseBefore = 'fcd61f1';

/** Its source and migrations in a folder; undefined where the history is not there. */
function checkedOut(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'album-release-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  try {
    const archive = ['archive', '--format=tar', `--output=${join(folder, 'all.tar')}`];
    execFileSync('git', [...archive, releaseBefore, 'src', 'migrations', 'package.json'], {
      stdio: 'ignore',
    });
  } catch {
    return undefined;
  }
  execFileSync('tar', ['-xf', join(folder, 'all.tar'), '-C', folder]);
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  return folder;
}

describeWithMysql('two releases on one database', (server) => {
  longTest(
    'answer alike, count exactly and share leases, before and after the newer one migrates it',
    async () => {
      const folder = checkedOut();
      if (folder === undefined) {
        console.warn(`the release before (${releaseBefore}) is not in the history: NOT tested`);
        return;
      }
      const file = pathToFileURL(join(folder, 'src/store/mysql/store.ts')).href;
      const module: { openMysqlStore: typeof openMysqlStore } = await import(/* @vite-ignore */ file);
      const { database, open, rows } = await mysqlFixture(server);
      const old: Store = module.openMysqlStore({
        ...{ ...server, database, poolSize: 4, statementTimeoutMs: 10_000 },
      });
      const current = open();

      const names = Array.from({ length: 20 }, (_, index) => `photo ${index}`);
      const categoryOf = (name: string) => (names.indexOf(name) % 2 ? 'foods' : 'pets');
      const claimant = claimantOf('anna');
      const periods = ['2026-11-22', '2026-11'] as const;
      const caps = [
        { period: periods[0], capMicro: 1_000 },
        { period: periods[1], capMicro: 1_000_000 },
      ] as const;
      let [rounds, granted, held] = [0, 0, 0];

      async function round(store: Store): Promise<void> {
        rounds += 1;
        const own = rounds;
        const at = 1_790_000_000_000 + own;
        await store.saveResults(names.map((name) => resultOf(name, { category: categoryOf(name) })));
        await store.saveClaims(names.map((name) => claimOf('anna', `original of ${name}`, name, at)));
        const [found, claimed] = await Promise.all([
          store.findResults(names.map((name) => lookupOf(name))),
          store.findResults(names.map((name) => lookupOf(`original of ${name}`, 'anna'))),
        ]);
        expect(found.map((one) => one?.category)).toEqual(names.map(categoryOf));
        expect(claimed.map((one) => one?.category)).toEqual(names.map(categoryOf));
        const batch = sha256Of(`batch ${own}`).slice(0, 32);
        const hits = names.map((name) => ({ sha256: sha256Of(name), version, count: 2, at }));
        const photos = names.map((name) => photoOf({ claimant, sha256: sha256Of(name), at }));
        // Each comes twice, as after an answer that was lost.
        for (const _ of ['first', 'again']) {
          await store.countHits(hits, batch);
          await store.saveActivity(activityOf({ photos }), sha256Of(batch).slice(0, 32));
        }
        if (await store.reserveSpend(40, caps)) granted += 1;
        await store.saveRefusal({ sha256: sha256Of(`refused ${own}`), version, until: at });
        const lease = { name: sha256Of('work'), owner: sha256Of(batch).slice(0, 32), ttlMs: 60_000 };
        const [state] = await store.acquireLeases([lease]);
        if (!state?.isOwn) return;
        held += 1;
        await store.findRefusal({ sha256: sha256Of('work'), version });
        expect(held).toBe(1);
        held -= 1;
        await store.releaseLeases([{ ...lease, token: state.token }]);
      }
      const run = async (store: Store) => {
        for (let left = 8; left > 0; left -= 1) await round(store);
      };

      await old.migrate();
      await run(old);
      // The newer one migrates while the old one works.
      await Promise.all([run(old), current.migrate()]);
      await Promise.all([run(old), run(old), run(current), run(current)]);
      // As after an outage.
      expect(await old.migrate()).toEqual([]);
      await old.ping();

      const counted = await rows('SELECT hits FROM results');
      expect(counted.map(({ hits }) => Number(hits))).toEqual(names.map(() => 2 * rounds));
      const [sums] = await rows(
        "SELECT SUM(n) AS n FROM tallies WHERE level = 2 AND topic = 'upload' AND name = 'llm'",
      );
      expect(Number(sums?.n)).toBe(rounds * names.length);
      expect(granted).toBe(25);
      const spent = await rows('SELECT spent_micro FROM llm_spend');
      expect(spent.map(({ spent_micro }) => Number(spent_micro))).toEqual([1000, 1000]);
      const deletion = { of: 'photos', claimants: [claimant] } as const;
      expect(await current.maintenance.deleteSome(deletion, 100_000)).toBe(rounds * names.length);
      await Promise.all([old.close(), current.close()]);
    },
    120_000,
  );
});
