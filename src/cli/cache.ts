import { type Forgettable, forget } from '../cache/forget.ts';
import type { Config } from '../config.ts';
import type { Say } from '../messages/text.ts';
import { inSmallSteps } from '../resilience/small-steps.ts';
import { claimantsOfUser } from '../stats/caller-identity.ts';
import type { Store } from '../store/store.ts';
import { UsageError } from './usage-error.ts';
import { withStore } from './with-store.ts';

/** Lists the versions that results are stored under, the newest first. @returns exit code */
export function versions(config: Config, say: Say): Promise<number> {
  return withStore(config, async (store) => {
    const { versions, isEstimate } = await store.maintenance.cacheCounts();
    for (const { version, results, oldest, newest } of versions)
      print(
        say('{version}  {results} {results|result|results}, {oldest} to {newest}', {
          version,
          results,
          oldest: dateOf(oldest),
          newest: dateOf(newest),
        }),
      );
    if (isEstimate) print(say('Large numbers are estimates, within 5 %; the dates are those of a sample.'));
    if (versions.length === 0) print(say('no results are stored'));
    return 0;
  });
}

/** Deletes the results of one version in small steps. @returns exit code */
export function drop(config: () => Config, [version, ...rest]: readonly string[], say: Say): Promise<number> {
  if (version === undefined || rest.length > 0)
    throw new UsageError('drop needs one version, as `versions` lists it');
  return withStore(config(), async (store) => {
    const step = (limit: number) => store.maintenance.deleteSome({ of: 'results', version }, limit);
    const deleted = await inSmallSteps({ step, aimMs: store.maintenance.stepMs });
    print(say('deleted {count} {count|result|results} of {version}', { count: deleted, version }));
    return 0;
  });
}

/** Forgets a photo, a user, or all from before a time, and says how many rows of what. @returns exit code */
export function forgetWhat(config: () => Config, words: readonly string[], say: Say): Promise<number> {
  const what = forgettable(words);
  return withStore(config(), async (store) => {
    const forgotten = await forget(store, 'userId' in what ? await everywhere(store, what.userId) : what);
    for (const [what, count] of Object.entries(forgotten))
      print(say('{what}: {count} deleted', { what, count }));
    return 0;
  });
}

/** A user of that id in every app that has or had an API key, and without one. */
async function everywhere(store: Store, userId: string): Promise<Forgettable> {
  const apps = (await store.apiKeys.list()).map(({ name }) => name);
  return { claimants: claimantsOfUser(userId, apps) };
}

function forgettable([by, value, ...rest]: readonly string[]): Forgettable | { userId: string } {
  if (value !== undefined && rest.length === 0) {
    if (by === 'hash' && /^[0-9a-f]{64}$/i.test(value)) return { hash: value.toLowerCase() };
    if (by === 'user') return { userId: value.trim() };
    const at = Date.parse(value);
    if (by === 'before' && !Number.isNaN(at)) return { before: at };
  }
  throw new UsageError(
    'forget needs `hash` and 64 hexadecimal digits, `user` and a user id, or `before` and a date such as 2026-01-31',
  );
}

const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
